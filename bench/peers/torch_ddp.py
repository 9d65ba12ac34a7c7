# DistributedDataParallel over gloo: two processes with half of the minibatch each, one thread each per two cores. Rank 0 takes the
# requests of bench/contestant.mjs for "iteration WIDTH PRECISION" and tells the other how many to run. Usage: torch_ddp.py THREADS
import json, os, socket, sys
import torch, torch.distributed as dist, torch.multiprocessing as mp
import torch_gan

WORLD = 2
CODES = {"float32": 0, "bfloat16": 1}


def share(values):
    """Rank 0's three integers, on every rank."""
    message = torch.tensor(values, dtype=torch.int64)
    dist.broadcast(message, 0)
    return message.tolist()


def work(rank, port, threads, stdin):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.set_num_threads(threads)
    torch.manual_seed(rank)
    dist.init_process_group("gloo", rank=rank, world_size=WORLD)
    wrap = torch.nn.parallel.DistributedDataParallel
    requests = os.fdopen(stdin) if rank == 0 else None
    ready = {}
    while True:
        wanted = [0, 0, 0]
        if rank == 0:
            line = requests.readline()
            if line:
                _, width, precision = json.loads(line)["task"].split()
                wanted = [json.loads(line)["count"], int(width), CODES[precision]]
        count, width, code = share(wanted)
        if count == 0:
            return
        if (width, code) not in ready:
            precision = [name for name, value in CODES.items() if value == code][0]
            ready[width, code] = torch_gan.iteration(width, precision, torch_gan.BATCH // WORLD, wrap)
            torch_gan.timed(ready[width, code], 3)
        ms = torch_gan.timed(ready[width, code], count)
        if rank == 0:
            print(json.dumps({"ms": ms}), flush=True)


if __name__ == "__main__":
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    context = mp.get_context("fork")
    children = [context.Process(target=work, args=(rank, port, int(sys.argv[1]), os.dup(0)), daemon=True) for rank in range(WORLD)]
    for child in children:
        child.start()
    for child in children:
        child.join()
