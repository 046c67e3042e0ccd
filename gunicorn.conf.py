"""How gunicorn serves the site; read by itself where it starts. Flags on its command line win."""

import gc
import os
import shutil
from pathlib import Path

# Imported before gunicorn forks, so that all of its processes inherit the blackboard.
from studyapp.serving import blackboard, counting, listeners  # noqa: F401

bind = [os.environ.get("BIND", "127.0.0.1:8000")]
workers = int(os.environ.get("WEB_WORKERS", "2"))
# A thread waits for the database most of the time; each holds one connection to it.
threads = int(os.environ.get("WEB_THREADS", "8"))
# Threads as gthread has them, but only for requests that have arrived
worker_class = "studyapp.serving.arrivals.ArrivedWhole"
worker_tmp_dir = "/dev/shm"
timeout = 60
# Longer than people look at a trial, and than a proxy keeps its connections (nginx: 60 s), so that
# neither sends into one that is just being closed.
keepalive = 75
graceful_timeout = 30
accesslog = "-"
logger_class = "studyapp.serving.access.AccessLogger"
# Only a proxy on these addresses may say that a request came over HTTPS.
forwarded_allow_ips = os.environ.get("PROXY_ADDRESSES", "127.0.0.1")
# Nobody steers gunicorn by a socket, whose folder is the user's home: several would share one.
control_socket_disable = True
limit_request_line = 4094
limit_request_fields = 60


def on_starting(server):
    listeners.hold_back()
    if os.environ.get("METRICS_BIND"):
        counting.make_folder(Path(os.environ[counting.FOLDER]))


def post_worker_init(worker):
    """Exempt the loaded site from garbage collection: it lives as long as the process. A request
    leaves few reference cycles behind, so collections may be rare (decision 514). Only then take
    calls (decision 529)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    listeners.take_calls(worker.sockets, worker.cfg.backlog)


# Metrics: an address of their own, and a folder in which all processes count.
if os.environ.get("METRICS_BIND"):
    bind.append(os.environ["METRICS_BIND"])
    counting.name_folder(os.environ)

    def child_exit(server, worker):
        counting.add_ended(Path(os.environ[counting.FOLDER]), worker.pid)

    def on_exit(server):
        shutil.rmtree(os.environ[counting.FOLDER], ignore_errors=True)
