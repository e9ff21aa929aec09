// Long computations beside the page: in a worker, or between two frames where workers are refused.
//
// `work(arithmetic, tell, pause)` gives a function of a job. It is sent to the worker as text, so it must stand alone: all that it needs
// comes in its arguments. `pause` is the number of milliseconds after which it lets others go on. A new job takes the place of the old.

function aside(figure, work, hear) {
  let send, last;
  const here = () => {
    send = work(arithmetic(), hear, 8);
    if (last) send(last);
  };
  try {
    const text = `"use strict"; const begin = (${work})((${arithmetic})(), postMessage, 40); onmessage = ({data}) => begin(data);`;
    const address = URL.createObjectURL(new Blob([text], {type: "text/javascript"})), worker = new Worker(address);
    const end = () => (worker.terminate(), URL.revokeObjectURL(address));
    worker.onmessage = ({data}) => hear(data);
    worker.onerror = (event) => (event.preventDefault(), end(), here());
    figure.signal.addEventListener("abort", end);
    send = (job) => worker.postMessage(job);
  } catch {
    here();
  }
  return (job) => send((last = job));
}
