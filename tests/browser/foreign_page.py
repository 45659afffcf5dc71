"""A page of another shop that uses Kindred's widget: made up by the test, on an origin of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from playwright.sync_api import Page, Request

# Before the page's own scripts: what its policy forbids, what moves, and what is kept for the visit.
WATCH = """
window.forbidden = [];
window.shift = 0;
document.addEventListener("securitypolicyviolation", (event) => forbidden.push(event.violatedDirective));
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shift += one.value;
}).observe({ type: "layout-shift", buffered: true });
"""
SCRIPTS = {
    "module": '<script type="module" blocking="render" src="{shop}/widgets/kindred.js"></script>',
    "classic": '<script defer src="{shop}/widgets/kindred.classic.js"></script>',
    "none": "",
}
TALL = '<div style="height: 3000px"></div>'


def fill_shelf(count: int = 12) -> None:
    """Products A, B, C ... each 5 degrees further from A, reduced every third one, sold out the fifth."""
    from tests.recommendations.shelf import at_angle, make_space, put  # it needs Django to be set up

    space = make_space()
    for number in range(count):
        fields = {"list_price": Decimal(20)} if number % 3 == 1 else {}
        put(
            space,
            chr(ord("A") + number),
            at_angle(5 * number),
            price=Decimal(10 + number),
            currency="EUR",
            stock=0 if number == 4 else 9,
            url=f"https://shop.example/{number}",
            **fields,
        )


@dataclass
class ForeignPage:
    """Opens pages of `site`, whose widgets ask `shop`; `asked` are the requests for lists, `sent` those of events."""

    page: Page
    shop: str
    site: str
    asked: list[Request] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.add_init_script(WATCH)
        self.page.on("request", self.note)
        self.page.route("https://shop.example/**", lambda route: route.fulfill(body="<h1>A product</h1>"))

    def note(self, request: Request) -> None:
        if "/api/v1/events/" in request.url:
            self.sent.append(request)
        elif "/api/v1/" in request.url and request.method != "OPTIONS":
            self.asked.append(request)

    def open(
        self, body: str, *, head: str = "", script: str = "", policy: str = "", kind: str = "module", query: str = ""
    ) -> Page:
        """Show `body` with the widget's script in the head; `script` runs before it."""
        inline = f"<script>{script}</script>" if script else ""
        tag = SCRIPTS[kind].format(shop=self.shop)
        html = f"""<!doctype html><html lang="en"><head><title>Other site</title>{head}{inline}
            {tag}</head>
            <body>{body.replace("<kindred-similar", f'<kindred-similar api="{self.shop}"')}</body></html>"""
        headers = {"Content-Type": "text/html; charset=utf-8"}
        if policy:
            headers["Content-Security-Policy"] = policy
        self.page.route(
            f"{self.site}/elsewhere/{query.partition('#')[0]}", lambda route: route.fulfill(body=html, headers=headers)
        )
        self.page.goto(f"{self.site}/elsewhere/{query}", wait_until="networkidle")
        return self.page
