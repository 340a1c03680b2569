/** The server's words for files; `File` itself is the browser's. */
export type { File as SentFile, TalkPolicy } from '../../lib/wire'
