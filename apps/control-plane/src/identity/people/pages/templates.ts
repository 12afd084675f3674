/** The pages as they look. Each is made of what is passed in; what comes from outside is escaped by the template (T80). */
import { html } from 'hono/html';
import { shownUserCode } from '../device-codes.ts';
import type { SignInProvider } from '../../providers/identity-provider.ts';
import type { AuthorizationRequest } from './authorization-request.ts';
import { formField } from './form-guard.ts';
import { hidden, page, wrong } from './page.ts';
import { devicePagePath, passwordPagePath, providerPath } from './paths.ts';

type Html = ReturnType<typeof html>;

/** Why what was sent was not taken. */
export interface Refusal {
  readonly message: string;
  readonly status: 400 | 401 | 429;
}

/** What every form needs: its key with the header that sets the cookie, and what was wrong with the last try. */
export interface FormState {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly refused: Refusal | undefined;
}

function answer(title: string, content: Html, { headers, refused }: FormState, formTarget?: string): Promise<Response> {
  return page(title, content, {
    headers,
    ...(refused === undefined ? {} : { status: refused.status }),
    ...(formTarget === undefined ? {} : { formTarget }),
  });
}

/** For a program on the person's own machine. `action` is the path that the form is sent to. */
export function signInPage(
  state: FormState,
  asked: AuthorizationRequest,
  action: string,
  elsewhere: readonly SignInProvider[],
): Promise<Response> {
  const content = html`<p>
      <strong>${asked.program}</strong> on this machine asks you to sign in. Go on only if you started it yourself.
    </p>
    <form method="post" action="${action}">
      ${hidden({ ...asked.parameters, [formField]: state.key })} ${credentials(asked.loginHint, state)}
      <div class="buttons"><button type="submit">Sign in</button></div>
    </form>
    ${elsewhere.map((provider) => providerLink(provider, asked.parameters, state))} ${passwordLink()}`;
  return answer('Sign in', content, state, new URL(asked.redirectUri).origin);
}

/** A link and no form: what a form may lead to is named in the page's policy, and the provider's page is its own to move. */
function providerLink(
  { issuer, signIn }: SignInProvider,
  purpose: Readonly<Record<string, string>>,
  state: FormState,
): Html {
  const query = new URLSearchParams({ ...purpose, issuer, [formField]: state.key });
  return html`<p class="small"><a href="${providerPath}?${query.toString()}">Sign in with ${signIn.name}</a></p>`;
}

/** For a device: its code. */
export function codePage(state: FormState, typed: string): Promise<Response> {
  const content = html`<p>Type the code that your device shows.</p>
    <form method="post" action="${devicePagePath}">
      ${hidden({ [formField]: state.key })}
      <label for="user_code">Code</label>
      <input
        class="code"
        type="text"
        id="user_code"
        name="user_code"
        value="${typed.slice(0, 20)}"
        required
        autofocus
        autocomplete="off"
        autocapitalize="characters"
        spellcheck="false"
        maxlength="20"
        placeholder="XXXX-XXXX"
        ${invalid(state)}
      />
      ${wrong(state.refused?.message)}
      <div class="buttons"><button type="submit">Next</button></div>
    </form>`;
  return answer('Sign in on a device', content, state);
}

/** For a device: who asks from where, and yes or no. */
export function approvePage(
  state: FormState,
  { userCode, program, askedFrom }: { readonly userCode: string; readonly program: string; readonly askedFrom: string },
  elsewhere: readonly SignInProvider[],
): Promise<Response> {
  const content = html`<p>
      <strong>${program}</strong>, asking from the address
      <strong>${askedFrom === '' ? 'unknown' : askedFrom}</strong> with the code
      <strong>${shownUserCode(userCode)}</strong>, wants to act as you. Go on only if you started it yourself, just now.
    </p>
    <form method="post" action="${devicePagePath}">
      ${hidden({ user_code: userCode, [formField]: state.key })} ${credentials('', state)}
      <div class="buttons">
        <button type="submit" name="answer" value="yes">Sign in</button>
        <button class="second" type="submit" name="answer" value="no" formnovalidate>No, that was not me</button>
      </div>
    </form>
    ${elsewhere.map((provider) => providerLink(provider, { user_code: userCode }, state))} ${passwordLink()}`;
  return answer('Sign in on a device', content, state);
}

/** For changing one's password. */
export function passwordPage(state: FormState, name: string): Promise<Response> {
  const content = html`<form method="post" action="${passwordPagePath}">
    ${hidden({ [formField]: state.key })} ${credentials(name, state, 'Password now')}
    <label for="new_password">New password</label>
    <input
      type="password"
      id="new_password"
      name="new_password"
      required
      minlength="12"
      maxlength="256"
      autocomplete="new-password"
      aria-describedby="rule"
    />
    <p class="hint" id="rule">At least 12 characters. Several words are easy to keep in mind.</p>
    <label for="again">New password again</label>
    <input type="password" id="again" name="again" required maxlength="256" autocomplete="new-password" />
    <div class="buttons"><button type="submit">Change password</button></div>
  </form>`;
  return answer('Change your password', content, state);
}

/** A page that says something and asks for nothing. */
export function messagePage(
  title: string,
  message: string,
  status: 200 | 400 | 403 = 200,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return page(title, html`<p>${message}</p>`, { status, headers });
}

function credentials(name: string, state: FormState, passwordLabel = 'Password'): Html {
  return html`${wrong(state.refused?.message)}
    <label for="user_name">User name</label>
    <input
      type="text"
      id="user_name"
      name="user_name"
      value="${name}"
      required
      maxlength="200"
      autocomplete="username"
      autocapitalize="none"
      spellcheck="false"
      ${name === '' ? 'autofocus' : ''}
      ${invalid(state)}
    />
    <label for="password">${passwordLabel}</label>
    <input
      type="password"
      id="password"
      name="password"
      required
      maxlength="256"
      autocomplete="current-password"
      ${name === '' ? '' : 'autofocus'}
      ${invalid(state)}
    />`;
}

function invalid({ refused }: FormState): Html | string {
  return refused === undefined ? '' : html`aria-invalid="true" aria-describedby="wrong"`;
}

function passwordLink(): Html {
  return html`<p class="small"><a href="${passwordPagePath}">Change your password</a></p>`;
}
