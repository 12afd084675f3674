// A handler in the way Go extensions of Azure VMs are written: strict about what it is given, decrypting with `openssl cms`,
// and with several extensions under one handler, each with settings, sequence and status of its own.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

type environment struct {
	Version float64 `json:"version"`
	Name    string  `json:"name"`
	Folders struct {
		Heartbeat string `json:"heartbeatFile"`
		Status    string `json:"statusFolder"`
		Config    string `json:"configFolder"`
		Log       string `json:"logFolder"`
		Events    string `json:"eventsFolder"`
	} `json:"handlerEnvironment"`
}

type settingsFile struct {
	RuntimeSettings []struct {
		HandlerSettings struct {
			Public     map[string]any `json:"publicSettings"`
			Protected  *string        `json:"protectedSettings"`
			Thumbprint *string        `json:"protectedSettingsCertThumbprint"`
		} `json:"handlerSettings"`
	} `json:"runtimeSettings"`
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(3)
}

func must[T any](value T, err error) T {
	if err != nil {
		fail("%v", err)
	}
	return value
}

// The directory of the handler is one above the program's.
func home() string {
	return filepath.Dir(filepath.Dir(must(filepath.Abs(os.Args[0]))))
}

func readEnvironment() environment {
	var found []environment
	text := must(os.ReadFile(filepath.Join(home(), "HandlerEnvironment.json")))
	if err := json.Unmarshal(text, &found); err != nil {
		fail("HandlerEnvironment.json: %v", err)
	}
	if len(found) != 1 {
		fail("expected 1 environment, found %d", len(found))
	}
	return found[0]
}

// With several extensions every file carries the extension's name in front.
func prefix() string {
	if name := os.Getenv("ConfigExtensionName"); name != "" {
		return name + "."
	}
	return ""
}

func readSettings(env environment, sequence int) (public, protected map[string]any) {
	path := filepath.Join(env.Folders.Config, fmt.Sprintf("%s%d.settings", prefix(), sequence))
	text := must(os.ReadFile(path))
	if len(text) == 0 {
		return nil, nil
	}
	var file settingsFile
	if err := json.Unmarshal(text, &file); err != nil {
		fail("%s: %v", path, err)
	}
	if len(file.RuntimeSettings) != 1 {
		fail("wrong runtimeSettings count %d", len(file.RuntimeSettings))
	}
	mine := file.RuntimeSettings[0].HandlerSettings
	if mine.Protected == nil {
		return mine.Public, nil
	}
	if mine.Thumbprint == nil {
		fail("protected settings without a thumbprint")
	}
	// The pair lies two levels above the configuration.
	pair := filepath.Join(env.Folders.Config, "..", "..", *mine.Thumbprint)
	command := exec.Command("openssl", "cms", "-inform", "DER", "-decrypt", "-recip", pair+".crt", "-inkey", pair+".prv")
	command.Stdin = strings.NewReader(string(must(base64.StdEncoding.DecodeString(*mine.Protected))))
	opened := must(command.Output())
	if err := json.Unmarshal(opened, &protected); err != nil {
		fail("protected settings are no object")
	}
	return mine.Public, protected
}

func writeStatus(env environment, sequence int, word string, message string) {
	now := time.Now().UTC().Format(time.RFC3339)
	formatted := map[string]any{"lang": "en", "message": message}
	status := map[string]any{"operation": "Enable", "status": word, "code": 0, "formattedMessage": formatted,
		"substatus": []any{map[string]any{"name": "detail", "status": "success", "code": 7, "formattedMessage": formatted}}}
	text := must(json.MarshalIndent([]any{map[string]any{"version": 1.0, "timestampUTC": now, "status": status}}, "", "\t"))
	path := filepath.Join(env.Folders.Status, fmt.Sprintf("%s%d.status", prefix(), sequence))
	temporary := must(os.CreateTemp(env.Folders.Status, "status"))
	must(temporary.Write(text))
	temporary.Close()
	if err := os.Rename(temporary.Name(), path); err != nil {
		fail("%v", err)
	}
}

func note(env environment, words ...string) {
	line := strings.Join(append(words, os.Getenv("ConfigExtensionName"), os.Getenv("ConfigSequenceNumber")), " ")
	file := must(os.OpenFile(filepath.Join(env.Folders.Log, "handler.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600))
	defer file.Close()
	must(fmt.Fprintln(file, line))
}

// The host copies `mrseq`; those of several extensions are the handler's own affair, so the old directory must still be there.
func update(name string) {
	before := filepath.Join(filepath.Dir(home()), name+"-"+os.Getenv("AZURE_GUEST_AGENT_UPDATING_FROM_VERSION"))
	for _, path := range must(filepath.Glob(filepath.Join(before, "*.mrseq"))) {
		if err := os.WriteFile(filepath.Join(home(), filepath.Base(path)), must(os.ReadFile(path)), 0o600); err != nil {
			fail("%v", err)
		}
	}
	if _, err := os.Stat(before); err != nil {
		fail("the version before is gone: %v", err)
	}
}

func enable(env environment, sequence int) {
	seen := filepath.Join(home(), prefix()+"mrseq")
	if text, err := os.ReadFile(seen); err == nil && must(strconv.Atoi(string(text))) >= sequence && sequence > 0 {
		note(env, "seen")
		return
	}
	public, protected := readSettings(env, sequence)
	if err := os.WriteFile(seen, []byte(strconv.Itoa(sequence)), 0o600); err != nil {
		fail("%v", err)
	}
	if public["fail"] == true {
		fail("asked to fail")
	}
	writeStatus(env, sequence, "success", fmt.Sprintf("%v with %d secrets", public["greeting"], len(protected)))
}

func main() {
	env := readEnvironment()
	sequence := must(strconv.Atoi(os.Getenv("ConfigSequenceNumber")))
	note(env, os.Args[1])
	switch os.Args[1] {
	case "enable":
		enable(env, sequence)
	case "update":
		update(env.Name)
	}
}
