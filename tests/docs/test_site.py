"""The documentation site as a reader sees it: each page in a browser. Run by `make test-docs`.

It needs Chromium; CHROMIUM names one other than that in PATH. Screenshots of some pages, wide and
narrow, light and dark, are written to `site-screenshots/`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

playwright = pytest.importorskip("playwright.sync_api")

ROOT = Path(__file__).parents[2]
SITE = ROOT / "site"
SCREENSHOTS = ROOT / "site-screenshots"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")

FAULTS = Path(__file__).with_name("faults.js").read_text(encoding="utf-8")

WIDTHS = {"wide": 1280, "phone": 390}
SCHEMES = ("light", "dark")
SHOWN = {
    "home": "/",
    "learn": "/learn/journey-of-a-token/",
    "cookbook": "/cookbook/issuing/",
    "error": "/error-codes/wrong_audience/",
    "benchmarks": "/benchmarks/",
    "api": "/api/prepared-objects/",
}

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium"),
    pytest.mark.skipif(not SITE.is_dir(), reason="there is no site: make docs"),
]


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    address = ("127.0.0.1", 0)
    with ThreadingHTTPServer(address, partial(Handler, directory=str(SITE))) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        launched = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield launched
        launched.close()


@contextmanager
def opened(browser, url, **options):
    """Open a page; return it with its errors and its requests."""
    with browser.new_context(**options) as context:
        page = context.new_page()
        complaints, requests = [], []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(request.url))
        page.on("request", lambda request: requests.append(request.url))
        page.on(
            "console",
            lambda message: (
                message.type in {"error", "warning"} and complaints.append(message.text)
            ),
        )
        response = page.goto(url, wait_until="networkidle")
        assert response.ok, f"{url}: {response.status}"
        yield page, complaints, requests


def paths():
    pages = (page.relative_to(SITE) for page in SITE.rglob("index.html"))
    return sorted(f"/{page.parent.as_posix()}/".replace("/./", "/") for page in pages)


def file_of(path):
    """Return the file that the server sends for a path."""
    file = SITE / unquote(path).lstrip("/")
    return file / "index.html" if path.endswith("/") else file


def faults(page):
    """Return what readers who see little, or hear the page, stumble over, in light and dark."""
    page.add_style_tag(content="* { transition: none !important }")
    found = []
    for scheme in ("default", "slate"):
        page.evaluate(f"document.body.setAttribute('data-md-color-scheme', '{scheme}')")
        found += [f"{scheme}: {fault}" for fault in page.evaluate(FAULTS)]
    return found


@pytest.mark.parametrize("path", paths())
def test_a_page_opens_without_complaint_fits_a_phone_and_has_no_dead_link(server, browser, path):
    with opened(browser, server + path) as (page, complaints, requests):
        assert page.locator("h1").count() == 1
        assert not complaints
        assert [url for url in requests if not url.startswith((server, "data:", "blob:"))] == []
        broken_images = "[...document.images].filter(i => !i.naturalWidth).map(i => i.src)"
        assert page.evaluate(broken_images) == []
        links = page.evaluate("[...document.links].map(link => link.href)")
        assert faults(page) == []
        page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
        page.set_viewport_size({"width": WIDTHS["phone"], "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS["phone"]
    for link in links:
        parts = urlsplit(link)
        if link.startswith(server):
            file = file_of(parts.path)
            assert file.is_file(), link
            if parts.fragment:
                assert f'id="{unquote(parts.fragment)}"' in file.read_text(encoding="utf-8"), link
        else:
            assert parts.scheme in {"https", "mailto"}, link


#: Types such as `_SigningKey`, what is in private modules, PyJWT's private objects, private bases.
PRIVATE = re.compile(r"\b_[A-Z]\w*|rapidjwt\._\w+|\b_\w+_obj\b|\bForkAware\b")


def test_no_page_of_the_api_has_private_names():
    pages = [page.read_text(encoding="utf-8") for page in SITE.glob("api/**/index.html")]
    assert len(pages) > 10
    assert {name for page in pages for name in PRIVATE.findall(page)} == set()


def test_methods_of_pyjwts_private_objects_are_shown_as_functions():
    page = (SITE / "api" / "tokens" / "index.html").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", "", page)
    assert "register_algorithm(alg_id: str, alg_obj: Algorithm) -&gt; None" in re.sub(
        r"\s+", " ", text
    )


def test_llms_txt_links_every_page():
    text = (SITE / "llms.txt").read_text(encoding="utf-8")
    links = re.findall(r"^- \[.+\]\((.+?)\)(: .+)?$", text, re.MULTILINE)
    assert sorted(f"/{link}".replace("/./", "/") for link, _ in links) == paths()
    without = [link for link, description in links if not description]
    assert len(without) < len(links) / 5
    assert not [
        link for link in without if link.startswith(("learn/", "cookbook/", "error-codes/"))
    ]
    assert "## Guides" in text


@pytest.mark.parametrize("path", ["/", "/learn/mistakes/", "/error-codes/expired/"])
def test_a_link_to_a_page_is_shown_as_a_card(server, browser, path):
    with opened(browser, server + path) as (page, *_):
        tags = page.evaluate(
            "Object.fromEntries([...document.querySelectorAll('meta[property^=og]')]"
            ".map(tag => [tag.getAttribute('property'), tag.content]))"
        )
        assert tags["og:title"].partition(" - ")[0] in page.title()
        assert 20 < len(tags["og:description"]) <= 200
        assert page.locator("meta[name='twitter:card']").count() == 1
        image = page.request.get(urljoin(page.url, tags["og:image"])).body()
    width, height = struct.unpack(">II", image[16:24])  # of a PNG
    assert (width, height) == (1200, 630)
    assert (tags["og:image:width"], tags["og:image:height"]) == ("1200", "630")


def test_what_mike_publishes_has_a_menu_of_versions(tmp_path):
    for environment, provider in (({"MIKE_DOCS_VERSION": "1.0"}, "mike"), ({}, None)):
        command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(tmp_path)]
        variables = os.environ | environment | {"NO_MKDOCS_2_WARNING": "1"}
        subprocess.run(command, cwd=ROOT, env=variables, check=True)
        home = (tmp_path / "index.html").read_text(encoding="utf-8")
        settings = json.loads(re.search(r'id="__config"[^>]*>(.*?)</script>', home)[1])
        assert (settings["version"] or {}).get("provider") == provider


def test_the_landing_page_says_what_it_is_in_one_screen(server, browser):
    with opened(browser, server, viewport={"width": 1280, "height": 800}) as (page, *_):
        for answer in ("import rapidjwt as jwt", "The same", "Safe", "How that was measured"):
            box = page.locator("article").get_by_text(answer).first.bounding_box()
            assert box["y"] + box["height"] <= 800, answer


@contextmanager
def searching(browser, server, text):
    """Search for a text; return the page with the results, of which the first is there."""
    with opened(browser, f"{server}/") as (page, complaints, _):
        page.locator("input.md-search__input").click()
        ready = "!document.querySelector('.md-search-result__meta').textContent.includes('Init')"
        page.wait_for_function(ready)
        page.locator("input.md-search__input").press_sequentially(text)
        page.locator(".md-search-result__item a").first.wait_for()
        page.wait_for_timeout(500)  # the results of the last letters
        yield page
        assert not complaints


def test_a_search_finds_a_name(server, browser):
    with searching(browser, server, "cache_size") as page:
        assert page.locator(".md-search-result__item a").count() > 1


#: What someone pastes, and the code whose page is the first result.
PASTED = {
    "Signature has expired": "expired",
    "jwt.exceptions.InvalidAudienceError: Audience doesn't match": "wrong_audience",
    'Token is missing the "exp" claim': "missing_claim",
    "Signature verification failed": "bad_signature",
    "Not enough segments": "malformed_token",
}


@pytest.mark.parametrize("message", PASTED)
def test_a_search_for_a_message_finds_the_page_of_its_code(server, browser, message):
    with searching(browser, server, message) as page:
        first = page.locator(".md-search-result__item a").first.get_attribute("href")
        assert f"/error-codes/{PASTED[message]}/" in first


def test_the_palette_can_be_switched(server, browser):
    with opened(browser, f"{server}/", color_scheme="light") as (page, *_):
        scheme = "document.body.getAttribute('data-md-color-scheme')"
        assert page.evaluate(scheme) == "default"
        for _ in range(2):  # from the system's setting to light, and then to dark
            page.locator("form[data-md-component=palette] label:visible").click()
        assert page.evaluate(scheme) == "slate"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SHOWN)
def test_a_screenshot_is_taken(server, browser, name, width, scheme):
    size = {"width": WIDTHS[width], "height": 1400}
    options = {"viewport": size, "color_scheme": scheme, "device_scale_factor": 1}
    with opened(browser, server + SHOWN[name], **options) as (page, *_):
        wanted = {"light": "default", "dark": "slate"}[scheme]
        # The site's script sets it after the page was loaded.
        page.locator(f"body[data-md-color-scheme={wanted}]").wait_for()
        SCREENSHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{scheme}.png")
