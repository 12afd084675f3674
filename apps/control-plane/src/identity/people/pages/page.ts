/**
 * The frame of the pages that people sign in with: plain HTML that works without scripts, with a keyboard, a screen reader, large
 * type and dark colours. Everything that comes from outside is escaped by the template (T80), nothing is fetched, nothing frames it.
 */
import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';

type Html = ReturnType<typeof html>;

const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --ground: #eef1f4; --line: #6b7683; --accent: #0b57a4; --wrong: #a1161e; }
@media (prefers-color-scheme: dark) { :root { --ink: #eceff3; --paper: #1c2127; --ground: #12161b; --line: #8d99a6; --accent: #7db8f5; --wrong: #ff9a9f; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { width: min(26rem, 100vw - 2rem); margin: 1rem; padding: 2rem; background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; }
h1 { margin: 0 0 .75rem; font-size: 1.4rem; line-height: 1.25; }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600; }
input[type=text], input[type=password] { width: 100%; padding: .6rem .7rem; font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: .3rem; }
.code { letter-spacing: .2em; text-transform: uppercase; }
.buttons { display: flex; gap: .75rem; margin-top: 1.5rem; }
button { padding: .6rem 1.2rem; font: inherit; font-weight: 600; color: var(--paper); background: var(--accent); border: 1px solid var(--accent); border-radius: .3rem; cursor: pointer; }
button.second { color: var(--accent); background: transparent; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.wrong { margin: 1rem 0 0; padding: .6rem .8rem; color: var(--wrong); border-left: .3rem solid var(--wrong); }
.hint { margin: .25rem 0 0; font-size: .9rem; }
.small { font-size: .9rem; margin: 1.5rem 0 0; }
a { color: var(--accent); }
`;
const styleHash = createHash('sha256').update(style).digest('base64');
/** In one piece: the hash that the policy names is that of what stands between the tags, to the blank. */
const styleElement = raw(`<style>${style}</style>`);

/** What the page may submit to besides us: where a form ends after a redirect counts too. */
export interface PageOptions {
  readonly status?: 200 | 400 | 401 | 403 | 429;
  readonly headers?: Readonly<Record<string, string>>;
  readonly formTarget?: string;
}

/** A page with a title and its content. */
export async function page(title: string, content: Html, options: PageOptions = {}): Promise<Response> {
  const text = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} – Sallyport</title>
        ${styleElement}
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`;
  return new Response(text.toString(), {
    status: options.status ?? 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': [
        "default-src 'none'",
        `style-src 'sha256-${styleHash}'`,
        `form-action 'self'${options.formTarget === undefined ? '' : ` ${options.formTarget}`}`,
        "frame-ancestors 'none'",
        "base-uri 'none'",
      ].join('; '),
      'cache-control': 'no-store',
      // Forms say where they come from, other sites learn nothing.
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      ...options.headers,
    },
  });
}

/** What was wrong, read out when the page opens; nothing without. */
export function wrong(message: string | undefined): Html | string {
  return message === undefined ? '' : html`<p class="wrong" role="alert" id="wrong">${message}</p>`;
}

/** Fields that go along unseen. */
export function hidden(fields: Readonly<Record<string, string>>): Html {
  return html`${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}`;
}
