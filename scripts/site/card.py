"""Draw the card that social networks show for a link to the site: `make docs-card`.

Material's plugin for such cards fetches fonts while the site is built. This card needs no fonts but
those of the machine that draws it, once.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

CARD = Path(__file__).parents[2] / "docs" / "assets" / "card.png"
WIDTH, HEIGHT = 1200, 630
SANS = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"
MONO = "ui-monospace, Menlo, Consolas, monospace"
PAGE = f"""<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">
<rect width="{WIDTH}" height="{HEIGHT}" fill="#9a3412"/>
<g transform="translate(80 96) scale(3.4)" fill="none" stroke="#fff" stroke-width="3.5">
<circle cx="9" cy="16" r="7"/><path d="M16 16h18M30 16v7M24 16v5"/></g>
<g fill="#fff" font-family="{SANS}">
<text x="80" y="330" font-size="112" font-weight="600">rapidjwt</text>
<text x="80" y="412" font-size="44">JSON Web Tokens for Python</text>
<text x="80" y="474" font-size="44">PyJWT's API, with a Rust core</text>
</g>
<g transform="translate(80 524)">
<rect width="1040" height="54" rx="8" fill="#7c2d12"/>
<text x="24" y="36" font-size="28" fill="#ffedd5" font-family="{MONO}">import rapidjwt as jwt</text>
</g>
</svg>"""


def main() -> int:
    """Write the card."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = driver.chromium.launch(executable_path=chromium, args=arguments)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_content(f'<body style="margin: 0">{PAGE}</body>')
        page.screenshot(path=CARD)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
