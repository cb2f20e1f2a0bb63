"""The page, served for a test."""

from __future__ import annotations

import threading

import pytest
from rapidjwt.ui import PageServer


@pytest.fixture(scope="module")
def server():
    with PageServer() as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()
