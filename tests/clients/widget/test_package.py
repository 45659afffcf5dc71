"""The widget's npm package: what is in it, what it exports, what its types allow."""

from __future__ import annotations

import json
import re

import pytest

from tests.clients.widget.conftest import PACKAGE, PROJECT, REACT_18, run_node

FILES = {
    "LICENSE", "README.md", "package.json", "kindred.d.ts", "react/index.js", "react/index.d.ts",
    "dist/kindred.js", "dist/kindred.js.map", "dist/kindred.classic.js", "dist/kindred.classic.js.map",
}  # fmt: skip
GOOD = """
import "kindred-widget";
import "kindred-widget/classic";
import type { KindredList } from "kindred-widget";
import { KindredSimilar } from "kindred-widget/react";

const element = document.createElement("kindred-similar");
const list: KindredList | null = element.recommendations;
element.addEventListener("kindred-click", (event) => event.detail.sku.trim());
document.addEventListener("kindred-loaded", (event) => event.detail.count.toFixed());
element.refresh();
element.addToCart(list?.results[0].sku ?? "MUG-101", 2);
window.kindred = { consent: () => document.title !== "" };
window.kindred!.consent = async () => true;
window.kindred!.track("purchase", [{ sku: "MUG-101", quantity: 2 }, "CUP-103"]);

export const asComponent = (
  <KindredSimilar api="https://kindred.shop.example" sku="MUG-101" anchors={["A", "B"]} layout="carousel" why
    lang="de" hidden={false}
    onClick={({ sku, position }) => `${sku} ${position.toFixed()}`}
    renderItem={(item) => <a href={item.url}>{item.title}</a>}>
    <h2 slot="heading">More</h2>
  </KindredSimilar>
);
export const asElement = (
  <kindred-similar sku="MUG-101" sku-from="[data-sku]" limit={4} layout="grid" style={{ minHeight: 300 }} />
);
"""
BAD = """
import { KindredSimilar } from "kindred-widget/react";
export const noApi = <KindredSimilar sku="MUG-101" />;
export const noLayout = <KindredSimilar api="" layout="spiral" />;
export const noAttribute = <kindred-similar colour="red" />;
document.createElement("kindred-similar").addEventListener("kindred-click", (event) => event.detail.price);
window.kindred!.track("sneeze", "MUG-101");
"""
OPTIONS = {
    "strict": True, "noEmit": True, "jsx": "react-jsx", "module": "esnext", "moduleResolution": "bundler",
    "target": "es2022", "lib": ["es2022", "dom", "dom.iterable"], "types": [], "skipLibCheck": False,
}  # fmt: skip


def test_the_package_has_these_files_and_no_other(node):
    [packed] = json.loads(run_node("npm", "pack", "--dry-run", "--json", cwd=PACKAGE))
    assert {entry["path"] for entry in packed["files"]} == FILES


def test_the_scripts_of_the_package_are_those_that_kindred_serves(packed):
    served = PROJECT / "recommendations" / "static" / "recommendations"
    for name in ("kindred.js", "kindred.classic.js"):
        assert (packed / "dist" / name).read_bytes() == (served / name).read_bytes()


def test_the_package_needs_nothing_at_run_time():
    package = json.loads((PACKAGE / "package.json").read_text())
    assert "dependencies" not in package
    assert package["peerDependenciesMeta"] == {"react": {"optional": True}}
    assert package["sideEffects"] == ["./dist/*.js"]


@pytest.mark.parametrize("folder", [PACKAGE, REACT_18], ids=["package", "react18"])
def test_lockfiles_name_no_server(folder):
    assert "://" not in re.sub(r'"(url|funding)": [^,}]*', "", (folder / "package-lock.json").read_text())


def test_a_server_may_import_it_and_finds_nothing_to_do(node, make_shop):
    shop = make_shop()
    said = run_node("node", "--input-type=module", "-e",
                    'await import("kindred-widget"); console.log(typeof window)', cwd=shop)  # fmt: skip
    assert said == "undefined\n"


def check_types(shop, tools, text: str) -> list[str]:
    """Return the errors of TypeScript in `text`: line and code."""
    (shop / "example.tsx").write_text(text)
    (shop / "tsconfig.json").write_text(json.dumps({"compilerOptions": OPTIONS, "files": ["example.tsx"]}))
    script = f"{tools}/.bin/tsc --pretty false; true"
    said = run_node("sh", "-c", script, cwd=shop)
    assert not re.search(r"^(?!example\.tsx|\s|\Z)", said, re.MULTILINE), said
    return re.findall(r"^example\.tsx\((\d+),\d+\): error (TS\d+)", said, re.MULTILINE)


def test_what_the_page_of_the_widget_shows_is_what_its_types_allow(tools, make_shop):
    assert check_types(make_shop(tools), tools, GOOD) == []


def test_what_the_widget_does_not_know_is_an_error_of_types(tools, make_shop):
    wrong = check_types(make_shop(tools), tools, BAD)
    assert [line for line, _code in wrong] == ["3", "4", "5", "6", "7"]
