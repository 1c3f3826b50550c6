/** A Gitea with a project in it, its owner, a bot with the token that docs/forges.md asks for, and a reviewer. */
import type { Forge } from '../../activities/forge/forge';
import { openForge } from '../../activities/forge/open-forge';
import { type GiteaServer, type GiteaUser, startGitea } from './gitea';
import { createRepository, type GiteaRepository } from './gitea-repository';

export const BOT = 'signalbox-bot';
/** docs/forges.md tells people to give these. */
export const SCOPES = ['write:repository', 'write:issue', 'read:user'];

export interface GiteaProject {
  server: GiteaServer;
  owner: GiteaUser;
  /** May write to the repository, as may the reviewer; `stranger` may not. */
  bot: GiteaUser;
  repository: GiteaRepository;
  /** With the bot's token. */
  forge: Forge;
  /** With the token of the user `reviewer`. */
  reviewing: Forge;
  forgeWith(token: string, url?: string): Forge;
  /** As `forge`, by another way. */
  forgeVia(url: string): Promise<Forge>;
}

export async function startGiteaProject(): Promise<GiteaProject> {
  const server = await startGitea();
  try {
    const owner = await server.createUser('owner');
    const bot = await server.createUser(BOT);
    for (const login of ['reviewer', 'stranger']) await server.createUser(login);
    const repository = await createRepository(server, owner, 'project');
    for (const login of [BOT, 'reviewer']) await repository.addCollaborator(login, 'write');
    const forgeWith = (token: string, url = server.url) => openForge({ kind: 'gitea', url, token });
    return {
      server,
      owner,
      bot,
      repository,
      forge: forgeWith(await server.tokenFor(BOT, SCOPES)),
      reviewing: forgeWith(await server.tokenFor('reviewer', SCOPES)),
      forgeWith,
      forgeVia: async (url) => forgeWith(await server.tokenFor(BOT, SCOPES), url),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
