/** Whose token it is, asked once; a failure is not remembered. */
export function ownLogin(ask: () => Promise<string>): () => Promise<string> {
  let login: Promise<string> | null = null;
  return () => {
    login ??= ask();
    return login.catch((error) => {
      login = null;
      throw error;
    });
  };
}
