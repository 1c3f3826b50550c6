import { get, type IncomingMessage } from 'node:http';

/** Asks for an output over a connection of its own. Takes in no byte of it before the answer is read. */
export const openOutput = (url: string, headers: Record<string, string>): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, resolve).once('error', reject);
  });
