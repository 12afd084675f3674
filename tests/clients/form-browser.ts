/** The least that a browser does with forms: keeps cookies, sends what is hidden along, says where a form comes from. */
import type { Answer, HttpClient } from './http-client.ts';

export interface Page {
  readonly answer: Answer;
  /** Fields that go along unseen. */
  readonly hidden: Readonly<Record<string, string>>;
  /** Where the form is sent. */
  readonly action: string;
  /** Links, by what they are called. */
  readonly links: Readonly<Record<string, string>>;
  /** What people read, without markup. */
  readonly words: string;
}

export interface FormBrowser {
  open(path: string): Promise<Page>;
  submit(page: Page, fields: Readonly<Record<string, string>>): Promise<Page>;
}

/** A browser with a memory of its own. */
export function formBrowser(http: HttpClient, origin: string): FormBrowser {
  const cookies = new Map<string, string>();
  function read(answer: Answer): Page {
    for (const set of [answer.headers['set-cookie'] ?? []].flat()) {
      const [pair = ''] = set.split(';');
      const [name = ''] = pair.split('=', 1);
      if (/;\s*Max-Age=0(?:;|$)/i.test(set)) cookies.delete(name);
      else cookies.set(name, pair);
    }
    const hidden: Record<string, string> = {};
    for (const [, name = '', value = ''] of answer.text.matchAll(
      /<input type="hidden" name="([^"]*)" value="([^"]*)"/g,
    ))
      hidden[unescape(name)] = unescape(value);
    const action = unescape(/<form method="post" action="([^"]*)"/.exec(answer.text)?.[1] ?? '');
    const links: Record<string, string> = {};
    for (const [, href = '', text = ''] of answer.text.matchAll(/<a href="([^"]*)">([^<]*)<\/a>/g))
      links[unescape(text)] = unescape(href);
    const body = /<main>[\s\S]*<\/main>/.exec(answer.text)?.[0] ?? '';
    const words = unescape(body.replace(/<[^>]*>/g, ' '))
      .replace(/\s+/g, ' ')
      .trim();
    return { answer, hidden, action, links, words };
  }
  const memory = (): Record<string, string> => (cookies.size === 0 ? {} : { cookie: [...cookies.values()].join('; ') });
  return {
    open: async (path) => read(await http.send('GET', path, { headers: memory() })),
    submit: async (page, fields) =>
      read(
        await http.send('POST', page.action, {
          body: new URLSearchParams({ ...page.hidden, ...fields }).toString(),
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            origin,
            'sec-fetch-site': 'same-origin',
            ...memory(),
          },
        }),
      ),
  };
}

function unescape(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
