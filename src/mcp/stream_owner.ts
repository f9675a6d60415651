/** Whose a stream is: it counts among its person's, and ends with its credential. */
export interface StreamOwner {
  /** The session or access token that its requests are signed with. */
  credential: string;
  userId: string;
  /** Calls once the credential ended; not after it was disposed. */
  follow(onEnded: () => void): Disposable;
}
