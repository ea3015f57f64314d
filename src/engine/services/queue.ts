/**
 * One job at a time: models use all cores, and two at once would both be late. What the app does by itself waits until
 * nobody wants anything, and is told to make way when somebody does.
 */
import { cancelledError } from '../../shared/errors.ts';

export class Queue {
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** Fires for the background's job when another one comes. */
  #background: AbortController | null = null;

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
    this.#background?.abort();
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

  /**
   * Waits until no job runs or waits.
   * @returns a function that must be called when the job has ended, and a signal that fires when another job comes
   * @throws EngineError `cancelled` if the signal is aborted before
   */
  async enterWhenIdle(signal: AbortSignal): Promise<{ readonly leave: () => void; readonly wanted: AbortSignal }> {
    while (this.#waiting > 0) (await this.enter(signal))();
    const leave = await this.enter(signal);
    const background = new AbortController();
    this.#background = background;
    if (this.#waiting > 1) background.abort();
    return {
      wanted: background.signal,
      leave: () => {
        this.#background = null;
        leave();
      },
    };
  }
}
