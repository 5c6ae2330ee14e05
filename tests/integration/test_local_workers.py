"""The worker processes of a study work for that study alone."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import warnings

import pytest

from twin.studies.cluster import Workers

STRANGER = """
import os, sys, urllib.request
from distributed import Client, Security
for scheme, security in (("tls", Security.temporary()), ("tcp", None)):
    for place in sys.argv[1:]:
        try:
            with Client(
                f"{scheme}://{place}", timeout=4, set_as_default=False, security=security
            ) as client:
                print("in:", client.submit(lambda: 1).result(timeout=4), flush=True)
        except Exception as error:
            print("kept out of", scheme, flush=True)
os._exit(0)
"""


def test_another_process_of_this_machine_is_kept_out_of_the_local_workers():
    with Workers(1) as hands:
        scheme, _, place = hands._client.scheduler.address.partition("://")
        (worker,) = hands._client.scheduler_info()["workers"]
        assert (scheme, worker.partition("://")[0]) == ("tls", "tls")
        ports = [place, worker.partition("://")[2]]
        assert all(port.startswith("127.0.0.1:") for port in ports)
        words = [sys.executable, "-c", STRANGER, *ports]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
        assert done.stdout.splitlines() == ["kept out of tls"] * 2 + ["kept out of tcp"] * 2
        # To the study they answer still.
        assert [found for _, found in hands.each(os.getppid, [()])] == [os.getpid()]


@pytest.mark.parametrize("page", ["health", "info/main/workers.html", "metrics", "status"])
def test_the_local_scheduler_tells_nobody_about_its_workers(scheduler, page):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"http://127.0.0.1:{scheduler.http_server.port}/{page}", timeout=10)
    assert caught.value.code == 404
    caught.value.close()


def test_its_http_port_is_free_and_of_this_machine_whoever_has_dasks_own(scheduler, said):
    assert scheduler.http_server.address == "127.0.0.1"
    assert not [str(one.message) for one in said if "already in use" in str(one.message)]


@pytest.fixture(scope="module")
def said():
    with warnings.catch_warnings(record=True) as recorded, socket.socket() as taken:
        warnings.simplefilter("always")
        with contextlib.suppress(OSError):  # somebody has it already
            taken.bind(("", 8787))
            taken.listen()
        yield recorded


@pytest.fixture(scope="module")
def scheduler(said):
    with Workers(1) as hands:
        yield hands._cluster.scheduler
