"""The page over HTTP: who gets it, and who may use it."""

from __future__ import annotations

import http.client
import json
import re
import socket
import subprocess
import sys
import threading
from importlib.resources import files
from pathlib import Path

import pytest
from rapidjwt.ui import PageServer
from rapidjwt.ui import server as module

PAGE = files("rapidjwt.ui").joinpath("page")


def request(server, method, path, body=None, **headers):
    """Send a request; a header whose value is None is left out."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in ({"Host": f"127.0.0.1:{server.server_port}"} | headers).items():
            if value is not None:
                connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body)
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def act(server, name="choices", body=b"{}", **headers):
    usual = {
        "Origin": server.origin,
        "Content_Type": "application/json",
        "Content_Length": str(len(body)),
    }
    return request(server, "POST", server.path + name, body, **(usual | headers))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("", "text/html; charset=utf-8"),
        ("page.css", "text/css; charset=utf-8"),
        ("page.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml; charset=utf-8"),
    ],
)
def test_the_files_of_the_page_are_served_with_a_strict_policy(server, name, kind):
    status, headers, body = request(server, "GET", server.path + name)
    assert (status, headers["Content-Type"]) == (200, kind)
    assert body == PAGE.joinpath(name or "index.html").read_bytes()
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'; ")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_every_file_of_the_page_is_served():
    assert {file.name for file in PAGE.iterdir()} == set(module._TYPES)


def test_the_page_names_nothing_outside_and_has_nothing_inline():
    html = PAGE.joinpath("index.html").read_text()
    assert re.findall(r'(?:src|href)="(?!page\.|icon\.|#)', html) == []
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)", html)
    script = PAGE.joinpath("page.js").read_text()
    assert not re.search(r"innerHTML|insertAdjacent|eval|localStorage|sessionStorage|://", script)


@pytest.mark.parametrize(
    "path",
    ["/", "/favicon.ico", "/index.html", "/x" * 40, "{path}../server.py", "{path}server.py", "*"],
)
def test_another_path_is_not_found(server, path):
    status, headers, body = request(server, "GET", path.replace("{path}", server.path))
    assert (status, body) == (404, b"Not Found\n")
    assert server.path.encode() not in body + repr(headers).encode()


def test_the_path_cannot_be_guessed_and_is_new_each_time(server):
    assert re.fullmatch(r"/[\w-]{43}/", server.path)
    with PageServer() as other:
        assert other.path != server.path


def test_it_listens_on_loopback_only(server):
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "localhost:{port}", "", None]
)
def test_another_host_is_refused_which_stops_dns_rebinding(server, method, host):
    host = host and host.replace("{port}", str(server.server_port))
    usual = {"Origin": server.origin, "Content_Type": "application/json", "Content_Length": "0"}
    status, _, body = request(server, method, server.path, b"", **usual, Host=host)
    assert status == 421
    assert server.path.encode() not in body


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "http://127.0.0.1", "http://localhost:{port}"]
)
def test_another_origin_cannot_do_anything(server, origin):
    origin = origin and origin.replace("{port}", str(server.server_port))
    assert act(server, Origin=origin)[0] == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": None}, 415),
        ({"Content_Length": None}, 411),
        ({"Content_Length": "-1"}, 411),
        ({"Content_Length": "2", "Transfer_Encoding": "chunked"}, 411),
        ({"Content_Length": str(1024 * 1024 + 1)}, 413),
        ({"Content_Length": "9" * 5000}, 413),
    ],
)
def test_a_request_that_the_page_does_not_make_is_refused(server, headers, status):
    assert act(server, **headers)[0] == status


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_not_an_object_is_refused(server, body):
    assert act(server, body=body)[0] == 400


def test_an_unknown_action_is_refused(server):
    assert act(server, "unknown")[0] == 400


def test_an_action_answers_with_json(server):
    status, headers, body = act(server)
    assert (status, headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert "ES256" in json.loads(body)["algorithms"]


def test_nothing_of_a_request_is_logged(server, capfd, monkeypatch):
    def fail(*_):
        raise RuntimeError("SECRET")

    act(server, "verify", json.dumps({"text": "SECRET", "key": "SECRET"}).encode())
    monkeypatch.setattr(module, "answer", fail)
    with pytest.raises(http.client.RemoteDisconnected):
        act(server, "verify", b'{"key": "SECRET"}')
    written = "".join(capfd.readouterr())
    assert written == "rapidjwt: A request failed: RuntimeError\n"


def test_a_client_that_goes_away_is_not_reported(server, capfd):
    with socket.create_connection(("127.0.0.1", server.server_port)) as client:
        client.sendall(b"GET ")
    assert request(server, "GET", server.path)[0] == 200
    assert capfd.readouterr().err == ""


def test_the_command_serves_the_page_and_ends_quietly():
    with subprocess.Popen(
        [sys.executable, "-m", "rapidjwt", "ui", "--no-browser"], stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            line = running.stderr.readline()
            url = re.search(r"http://127\.0\.0\.1:(\d+)(/[\w-]+/)", line)
            connection = http.client.HTTPConnection("127.0.0.1", int(url[1]), timeout=10)
            connection.request("GET", url[2])
            assert connection.getresponse().status == 200
            connection.close()
        finally:
            running.terminate()


def test_a_port_in_use_is_one_line(server):
    done = subprocess.run(
        [sys.executable, "-m", "rapidjwt", "ui", "--no-browser", f"--port={server.server_port}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "rapidjwt: It cannot listen there: Address already in use\n"


def test_it_needs_the_standard_library_only_and_is_not_imported_unasked():
    text = (
        "import sys; sys.modules['click'] = sys.modules['rich'] = None; import rapidjwt; "
        "assert not any(name.startswith('rapidjwt.ui') for name in sys.modules); "
        "from rapidjwt.ui import PageServer; PageServer().server_close()"
    )
    subprocess.run([sys.executable, "-c", text], check=True, timeout=60)


def test_several_requests_are_served_at_once(server):
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(act(server)[0])) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 16


def test_the_command_line_does_not_import_the_page_for_other_commands():
    source = Path(module.__file__).parents[1] / "cli" / "commands" / "ui.py"
    assert "    from rapidjwt.ui import PageServer" in source.read_text()
