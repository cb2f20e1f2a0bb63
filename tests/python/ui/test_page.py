"""The page in Chromium, as people use it. CHROMIUM names one other than that in PATH."""

from __future__ import annotations

import json
import os
import shutil
import time
from contextlib import contextmanager

import pytest
from rapidjwt import Key, Signer

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
KEY = Key.generate("ES256")
#: A time long ago, and one in the year 2096.
PAST, FUTURE = 1_700_000_000, 4_000_000_000
CLAIMS = {"iss": "https://id.example", "sub": "alice", "iat": PAST, "exp": FUTURE}
TOKEN = Signer(KEY, headers={"typ": "at+jwt"}).encode(CLAIMS)
MARKUP = "<img src=x onerror=document.title='hacked'>"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        launched = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield launched
        launched.close()


@contextmanager
def opened(browser, server, **options):
    """Open the page; afterwards, check that nothing complained or left this machine."""
    with browser.new_context(**options) as context:
        page = context.new_page()
        complaints, requests = [], []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("requestfailed", lambda request: complaints.append(request.url))
        context.on("request", lambda request: requests.append(request.url))
        page.goto(server.url, wait_until="networkidle")
        yield page
        assert complaints == []
        assert [url for url in requests if not url.startswith(server.url)] == []
        assert context.cookies() == []
        assert page.evaluate("localStorage.length + sessionStorage.length") == 0


@pytest.fixture
def page(browser, server):
    with opened(browser, server) as page:
        yield page


def read(page, text):
    page.get_by_label("Token", exact=True).fill(text)
    parts = "document.getElementById('parts').textContent"
    shown = f"text => {parts} && text.includes({parts})"
    page.wait_for_function(shown, arg=text)


def status(page, name, text):
    page.locator(f"#{name}-status", has_text=text).wait_for()


def test_a_curl_line_is_read(page):
    read(page, f"curl https://api.example -H 'Authorization: Bearer {TOKEN}'")
    status(page, "read", "Nothing was verified")
    header, claims = (json.loads(text) for text in page.locator("#json pre").all_text_contents())
    assert header == {"alg": "ES256", "typ": "at+jwt"}
    assert claims == CLAIMS
    assert page.locator("#times dt").all_text_contents() == ["iat", "exp"]
    assert "expires in " in page.locator("#times").text_content()
    assert "access-token" in page.locator("#profile").text_content()
    assert 'Token is missing the "jti" claim' in page.locator("#lacks").text_content()
    assert page.locator("#findings").text_content() == "Nothing was found."
    assert page.locator("#parts").text_content() == TOKEN
    page.get_by_label("Token", exact=True).fill("")
    page.locator("#reading").wait_for(state="hidden")


def test_the_timeline_has_the_times_in_their_order(page):
    now = int(time.time())
    read(page, Signer(KEY).encode({"iat": now - 900, "nbf": now - 500, "exp": now + 900}))
    marks = page.locator("#timeline .mark")
    places = {
        mark.text_content(): mark.bounding_box()["x"] for mark in (marks.nth(n) for n in range(4))
    }
    assert sorted(places, key=places.get) == ["iat", "nbf", "now", "exp"]


def test_what_is_unusual_is_shown(page):
    read(page, Signer(KEY).encode({"exp": PAST}))
    assert "error in the claims: It expired" in page.locator("#findings").text_content()


def test_a_token_cannot_put_markup_into_the_page(page):
    read(page, Signer(KEY).encode({MARKUP: MARKUP, "iss": MARKUP, "exp": MARKUP}))
    page.get_by_role("tab", name="Compare").click()
    page.get_by_label("Another token").fill(Signer(KEY).encode({"sub": MARKUP}))
    page.locator("#compare-card").wait_for()
    assert page.locator("img").count() == 0
    assert page.title() == "Tokens - rapidjwt"
    assert MARKUP in page.locator("#differences").text_content()


def test_a_token_is_verified_and_a_changed_one_refused(page):
    read(page, TOKEN)
    page.get_by_role("tab", name="Verify").click()
    page.locator("#verify").get_by_label("Key", exact=True).fill(KEY.to_pem())
    page.get_by_role("button", name="Verify", exact=True).click()
    status(page, "verify", "The key does not name its algorithm")
    page.locator("#verify-algorithm").select_option("ES256")
    page.get_by_role("button", name="Verify", exact=True).click()
    status(page, "verify", "Verified: the signature and the claims are valid.")
    read(page, TOKEN[:-4] + "AAAA")
    assert page.locator("#verify-status").text_content() == ""
    page.get_by_role("button", name="Verify", exact=True).click()
    status(page, "verify", "Not verified: Signature verification failed (InvalidSignatureError)")


def test_the_choice_of_the_issuer_replaces_the_key(page):
    page.get_by_role("tab", name="Verify").click()
    page.get_by_label("Those of the issuer").check()
    assert page.locator("#verify").get_by_label("Key", exact=True).is_hidden()
    assert "leave this machine" in page.locator("#verify-issuer-hint").text_content()
    page.get_by_label("A key or a JWK Set").check()
    assert page.locator("#verify").get_by_label("Key", exact=True).is_visible()


def test_a_token_is_edited_signed_copied_and_read_again(browser, server):
    with opened(browser, server, permissions=["clipboard-read", "clipboard-write"]) as page:
        read(page, TOKEN)
        page.get_by_role("tab", name="Edit and sign").click()
        page.get_by_role("button", name="Make a development key").click()
        status(page, "sign", "Made a key for development.")
        page.get_by_role("button", name="Take the token above").click()
        claims = page.get_by_label("Claims")
        claims.fill(claims.input_value().replace("alice", "bob"))
        page.get_by_role("button", name="Sign", exact=True).click()
        status(page, "sign", "Signed.")
        page.get_by_role("button", name="Copy").click()
        status(page, "sign", "Copied.")
        signed = page.get_by_label("Signed token").input_value()
        assert page.evaluate("navigator.clipboard.readText()") == signed
        page.get_by_role("button", name="Read it above").click()
        page.locator("#json", has_text='"bob"').wait_for()
        assert page.get_by_role("tab", name="Read").get_attribute("aria-selected") == "true"


def test_two_tokens_are_compared(page):
    read(page, TOKEN)
    page.get_by_role("tab", name="Compare").click()
    page.get_by_label("Another token").fill(Signer(KEY).encode(CLAIMS | {"sub": "bob"}))
    status(page, "compare", "2 of 6 members differ.")
    differing = page.locator("tr.differs th").all_text_contents()
    assert differing == ["typheader, differs", "subclaims, differs"]
    page.get_by_label("Another token").fill(f"Bearer {TOKEN}")
    status(page, "compare", "The tokens are identical.")
    page.get_by_label("Another token").fill(Signer(KEY, headers={"typ": "at+jwt"}).encode(CLAIMS))
    status(page, "compare", "All members are the same, but not the signatures.")


def test_everything_can_be_done_with_the_keyboard(page):
    keys = page.keyboard
    assert page.evaluate("document.activeElement.id") == "token"
    keys.insert_text(TOKEN)
    page.locator("#reading").wait_for()
    keys.press("Tab")
    assert page.evaluate("document.activeElement.id") == "tab-read"
    keys.press("ArrowLeft")
    assert page.evaluate("document.activeElement.id") == "tab-compare"
    keys.press("Home")
    keys.press("ArrowRight")
    assert page.locator("#verify").is_visible()
    keys.press("Tab")  # the choice of keys
    keys.press("Tab")
    assert page.evaluate("document.activeElement.id") == "verify-key"
    keys.insert_text(json.dumps(KEY.public().to_jwk() | {"alg": "ES256"}))
    keys.press("Tab")
    keys.press("Enter")  # in a field of the form
    status(page, "verify", "Verified: ")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_every_control_has_a_name_and_headings_have_their_order(page):
    read(page, TOKEN)
    nameless = """[...document.querySelectorAll('textarea, input, select, button')].filter(
        (one) => !(one.labels?.length || one.textContent.trim())).map((one) => one.id)"""
    assert page.evaluate(nameless) == []
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map((one) => one.tagName)")
    assert levels[0] == "H1"
    assert set(levels[1:]) == {"H2"}
    assert page.evaluate("document.documentElement.lang") == "en"
    live = page.locator("[role=status]").evaluate_all("all => all.map((one) => one.id)")
    assert live == ["read-status", "verify-status", "sign-status", "compare-status"]


#: Texts with too little contrast to the nearest opaque background (WCAG 2.2 Section 1.4.3).
CONTRASTS = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const channel = (value) =>
    (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const colour = rgb(getComputedStyle(one).backgroundColor);
      if (colour[3] === 255) return colour;
    }
  };
  const texts = [...document.querySelectorAll("body *")].filter((one) => one.checkVisibility() &&
    [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()));
  return texts.map((one) => {
    const [a, b] = [luminance(rgb(getComputedStyle(one).color)), luminance(ground(one))];
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), one.textContent.slice(0, 40)];
  }).filter(([ratio]) => ratio < 4.5);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_it_fits_its_window_and_can_be_read(browser, server, width, scheme):
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    with opened(browser, server, **options) as page:
        read(page, Signer(KEY).encode(CLAIMS | {"long": "x" * 2000, "exp": PAST + 5}))
        page.get_by_text("Every profile").click()
        page.locator("#other").evaluate(f"one => one.value = '{TOKEN}'")
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 23, 29)"
        assert dark == (scheme == "dark")
        for tab in page.get_by_role("tab").all():
            tab.click()
            page.wait_for_load_state("networkidle")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(CONTRASTS) == []


def test_when_the_program_has_ended_the_page_says_so(browser, server):
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(server.url, wait_until="networkidle")
        context.set_offline(True)
        page.get_by_label("Token", exact=True).fill(TOKEN)
        status(page, "read", "rapidjwt does not answer")
