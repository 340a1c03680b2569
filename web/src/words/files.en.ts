/** The English sentences about files that are needed when there is one. */
import type { FileWords } from './files.ja'

export default {
  chosen: 'Files to send',
  too_big: (max, size) => `The limit is ${max} MB (this file: ${size} MB).`,
  too_many: (n) => `You can send up to ${n} files at once.`,
  waiting: 'Waiting for its turn',
  broken: 'Waiting for a connection. It will continue where it stopped.',
  sending: (sent, size) => `${sent} of ${size}`,
  checking: 'Checking…',
  ready: 'Ready to send',
  failed: 'Could not be uploaded.',
  retry: 'Try again',
  remove: (name) => `Remove ${name}`,
  progress: (name) => `Upload of ${name}`,
  done: (name) => `${name} is uploaded.`,
  refused: (name, why) => `${name}: ${why}`,
  viewer: 'Picture',
  place: (at, of) => `${at} of ${of}`,
  previous: 'Previous picture',
  next: 'Next picture',
  zoom_in: 'Actual size',
  zoom_out: 'Fit to screen',
  from: (name, when) => `${name}, ${when}`,
  broken_image: 'This picture cannot be shown. It may have been deleted, or you may have left the room.',
} satisfies FileWords
