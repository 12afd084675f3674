#!/usr/bin/env python3
"""A handler in the way Python extensions of Azure VMs are written. It knows one place to live in, /var/lib/waagent, finds its
folders through the working directory, decrypts its settings with the openssl program, scrubs them, skips a sequence that it
has seen, and works on in a daemon that keeps the output open and writes its status late."""
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

LIB = '/var/lib/waagent'
DATA = os.path.join(LIB, 'python-handler')


def environment():
    with open('HandlerEnvironment.json') as file:
        parsed = json.loads(file.read())
    if len(parsed) != 1:
        sys.exit('HandlerEnvironment.json has %d elements' % len(parsed))
    return parsed[0]


def newest_sequence(folder):
    """As extensions did before the agent told them: the settings file that was written last."""
    names = [name for name in os.listdir(folder) if re.match(r'^\d+\.settings$', name)]
    names.sort(key=lambda name: os.path.getmtime(os.path.join(folder, name)))
    return int(names[-1].split('.')[0]) if names else -1


def settings(folder, sequence):
    path = os.path.join(folder, '%d.settings' % sequence)
    with open(path) as file:
        text = file.read()
    if not text:
        return {}, {}
    whole = json.loads(text)
    mine = whole['runtimeSettings'][0]['handlerSettings']
    public = mine['publicSettings'] or {}
    sealed = mine['protectedSettings']
    thumbprint = mine['protectedSettingsCertThumbprint']
    if not sealed or not thumbprint:
        return public, {}
    if sealed == '*** REDACTED ***':
        sys.exit('the settings were scrubbed and not written again')
    message = subprocess.run(['base64', '-d'], input=sealed.encode(), stdout=subprocess.PIPE, check=True).stdout
    opened = subprocess.run(
        ['openssl', 'smime', '-inform', 'DER', '-decrypt', '-recip', '%s/%s.crt' % (LIB, thumbprint),
         '-inkey', '%s/%s.prv' % (LIB, thumbprint)], input=message, stdout=subprocess.PIPE, check=True).stdout
    mine['protectedSettings'] = '*** REDACTED ***'
    mine['protectedSettingsCertThumbprint'] = '*** REDACTED ***'
    with open(path, 'w') as file:
        json.dump(whole, file)
    return public, json.loads(opened)


def report(folder, sequence, word, message):
    now = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())
    status = [{'version': 1.0, 'timestampUTC': now, 'status': {
        'name': 'PythonHandler', 'operation': 'Enable', 'configurationAppliedTime': now, 'status': word, 'code': '0',
        'formattedMessage': {'lang': 'en-US', 'message': message}, 'substatus': None}}]
    path = os.path.join(folder, '%d.status' % sequence)
    with open(path + '.tmp', 'w') as file:
        json.dump(status, file)
    os.rename(path + '.tmp', path)


def log(folders, text):
    with open(os.path.join(folders['logFolder'], 'extension.log'), 'a') as file:
        file.write(text + '\n')


def seen():
    try:
        with open('mrseq') as file:
            return int(file.read())
    except IOError:
        return -1


def work(folders, sequence, public, protected):
    """The daemon: two forks away from the agent, its output still open."""
    if os.fork() > 0:
        return
    os.setsid()
    if os.fork() > 0:
        os._exit(0)
    with open(os.path.join(DATA, 'pid'), 'w') as file:
        file.write(str(os.getpid()))
    time.sleep(float(public.get('delay', 0)))
    digest = hashlib.sha256(protected.get('password', '').encode()).hexdigest()
    report(folders['statusFolder'], sequence, 'success', '%s %s' % (public.get('greeting'), digest))
    print('late output of the daemon')
    sys.stdout.flush()
    while True:
        beat = [{'version': 1.0, 'heartbeat': {'status': 'ready', 'code': 0,
                                               'formattedMessage': {'lang': 'en-US', 'message': 'alive'}}}]
        with open(folders['heartbeatFile'], 'w') as file:
            json.dump(beat, file)
        time.sleep(5)


def stop():
    try:
        with open(os.path.join(DATA, 'pid')) as file:
            os.kill(int(file.read()), signal.SIGTERM)
    except (IOError, OSError):
        pass


def main():
    command = sys.argv[1].lstrip('-')
    if os.path.dirname(os.getcwd()) != LIB:
        sys.exit('expected to live in %s, not %s' % (LIB, os.getcwd()))
    if os.path.realpath(__file__) != os.path.join(os.getcwd(), 'handler.py'):
        sys.exit('called as %s' % __file__)
    if os.getsid(0) != os.getpid() and os.getpgrp() != os.getpid():
        sys.exit('not in a session of its own')
    found = environment()
    folders = found['handlerEnvironment']
    sequence = int(os.environ['ConfigSequenceNumber'])
    log(folders, '%s %d %s' % (command, sequence, os.environ['AZURE_GUEST_AGENT_EXTENSION_VERSION']))
    if command == 'install':
        os.makedirs(DATA, exist_ok=True)
    elif command == 'enable':
        newest = newest_sequence(folders['configFolder'])
        if newest != sequence:
            sys.exit('told sequence %d, found %d' % (sequence, newest))
        if sequence <= seen():
            log(folders, 'seen %d' % sequence)
            return
        public, protected = settings(folders['configFolder'], sequence)
        with open('mrseq', 'w') as file:
            file.write(str(sequence))
        stop()
        report(folders['statusFolder'], sequence, 'transitioning', 'Launching')
        work(folders, sequence, public, protected)
    elif command == 'disable':
        stop()
    elif command == 'uninstall':
        shutil.rmtree(DATA, ignore_errors=True)


main()
