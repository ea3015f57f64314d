/** One job at a time: models use all cores, and two at once would both be late. */
import { cancelledError } from '../../shared/errors.ts';

export class Queue {
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** Jobs that run or wait. */
  get length(): number {
    return this.#waiting;
  }

  /**
   * Waits for its turn.
   * @returns a function that must be called when the job has ended
   * @throws EngineError `cancelled` if the signal is aborted before the turn comes
   */
  async enter(signal: AbortSignal): Promise<() => void> {
    const before = this.#last;
    let leave: () => void = () => undefined;
    this.#last = new Promise((resolve) => { leave = resolve; });
    this.#waiting++;
    const end = (): void => {
      this.#waiting--;
      leave();
    };
    let stop: () => void = () => undefined;
    const aborted = new Promise<never>((_, reject) => {
      stop = () => { reject(cancelledError('job')); };
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
    try {
      await Promise.race([before, aborted]);
      return end;
    } catch (error) {
      // The place in the queue is given up only when those before have left it.
      void before.then(end);
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}
