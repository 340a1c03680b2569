/** A line that remembers what was asked, for the parts of talk that ask by themselves. */
import type { Command, Room } from '../lib/wire'

export class FakeLine {
  readonly self = 1
  readonly asked: Command[] = []
  open = true
  rooms = new Map<number, Room>()
  refuses = false

  readonly isOpen = () => this.open
  readonly room = (id: number) => this.rooms.get(id)
  readonly ask = async (command: Command): Promise<any> => {
    this.asked.push(command)
    if (this.refuses) throw new Error('refused')
  }

  /** What was asked since the last call. */
  take(): Command[] {
    return this.asked.splice(0)
  }
}
