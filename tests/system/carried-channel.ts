/** A channel in the hand of whoever stands between: every frame is read, written down, and may be kept back, answered or changed. */
import { request as send } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  formatAnswer,
  formatRequest,
  FrameReader,
  parseAnswerLine,
  parseRequestLine,
  type AnswerLine,
  type RequestLine,
} from '@sallyport/model/channel';

/** What is done with what comes by. */
export interface Hand {
  /** Called with every request; says what becomes of it. */
  request(method: string, path: string): 'carried' | 'kept' | { readonly answer: Buffer };
  /** The answer that is carried in the place of this one. */
  answer(path: string, body: Buffer): Buffer;
}

const large = 16 * 1024 * 1024;

/** Carries a request for a channel and, when it is granted, what goes over it. */
export function carryChannel(
  incoming: IncomingMessage,
  agent: Duplex,
  target: { readonly endpoint: string; readonly authority: string },
  hand: Hand,
): void {
  const { host: _ours, ...headers } = incoming.headers;
  const opening = send(`${target.endpoint}${incoming.url ?? ''}`, { headers, ca: target.authority, agent: false });
  opening.on('error', () => agent.destroy());
  agent.on('error', () => opening.destroy());
  opening.on('response', (answer) => {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.on('end', () => {
      const body = Buffer.concat(chunks);
      const type = answer.headers['content-type'] ?? 'text/plain';
      agent.write(`HTTP/1.1 ${answer.statusCode} -\r\ncontent-type: ${type}\r\n`);
      agent.write(`content-length: ${body.length}\r\nconnection: close\r\n\r\n`);
      agent.end(body);
    });
  });
  opening.on('upgrade', (_answer, plane) => {
    agent.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: sallyport-channel\r\n\r\n');
    join(agent, plane, (incoming.url ?? '').replace(/channel$/, ''), hand);
  });
  opening.end();
}

function join(agent: Duplex, plane: Duplex, base: string, hand: Hand): void {
  const paths = new Map<number, string>();
  const requests = new FrameReader<RequestLine>({
    parse: parseRequestLine,
    largest: () => large,
    take: ({ number, what }, body) => {
      const text = body.toString('utf8');
      if (what === 'authorize' || what === 'cancel') {
        plane.write(formatRequest(number, what, text));
        return;
      }
      const path = base + what;
      const end = hand.request(what === 'goal-state' ? 'GET' : 'POST', path);
      if (end === 'kept') return;
      if (end !== 'carried') {
        agent.write(formatAnswer(number, 200, end.answer.toString('utf8')));
        return;
      }
      paths.set(number, path);
      plane.write(formatRequest(number, what, text));
    },
  });
  const answers = new FrameReader<AnswerLine>({
    parse: parseAnswerLine,
    largest: () => large,
    take: ({ number, status, retryAfter }, body) => {
      const path = paths.get(number);
      paths.delete(number);
      const carried = path === undefined ? body : hand.answer(path, body);
      agent.write(formatAnswer(number, status, carried.toString('utf8'), retryAfter));
    },
  });
  const both = [
    [agent, plane, requests],
    [plane, agent, answers],
  ] as const;
  for (const [from, to, reader] of both) {
    from.on('data', (piece: Buffer) => reader.push(piece));
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
}
