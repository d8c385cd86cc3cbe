"""A small web shop's history: 32 real commits on several files, made by real ``git commit``.

Each step is a subject and the lines it adds to files (``=`` replaces the file).
The demo builds it in a temporary folder; nothing here is imported by kagura-git.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

STEPS: list[tuple[str, dict[str, str]]] = [
    ("Start the shop", {
        "README.md": "# Shop\n\nA small web shop: catalogue, cart, checkout, vouchers.\n",
        "pyproject.toml": '[project]\nname = "shop"\nversion = "0.1.0"\n'
        'dependencies = [\n  "fastapi>=0.115",\n  "sqlalchemy>=2.0",\n]\n',
        "shop/__init__.py": '"""A small web shop."""\n',
    }),
    ("Add money as integer cents", {"shop/money.py": (
        '"""Amounts of money, in cents: floats lose them."""\n\n\n'
        "def format_cents(cents: int) -> str:\n    return f\"{cents // 100}.{cents % 100:02d}\"\n"
    )}),
    ("Add products", {"shop/models.py": (
        '"""What the shop knows."""\n\nfrom dataclasses import dataclass, field\n\n\n'
        "@dataclass\nclass Product:\n    sku: str\n    title: str\n    price: int\n"
    )}),
    ("Test money", {"tests/test_money.py": (
        "from shop.money import format_cents\n\n\ndef test_format_cents():\n"
        '    assert format_cents(1205) == "12.05"\n'
    )}),
    ("Add the cart", {"shop/models.py": (
        "\n\n@dataclass\nclass Cart:\n    lines: dict[str, int] = field(default_factory=dict)\n\n"
        "    def add(self, sku: str, count: int = 1) -> None:\n"
        "        self.lines[sku] = self.lines.get(sku, 0) + count\n"
    )}),
    ("Keep products in memory", {"shop/store.py": (
        '"""Where products live."""\n\nfrom shop.models import Product\n\n\nclass Store:\n'
        "    def __init__(self) -> None:\n        self.products: dict[str, Product] = {}\n"
    )}),
    ("Sum up a cart", {"shop/pricing.py": (
        '"""What a cart costs."""\n\nfrom shop.models import Cart\nfrom shop.store import Store\n\n\n'
        "def total(cart: Cart, store: Store) -> int:\n"
        "    return sum(store.products[sku].price * n for sku, n in cart.lines.items())\n"
    )}),
    ("Test pricing", {"tests/test_pricing.py": (
        "from shop.models import Cart, Product\nfrom shop.pricing import total\n"
        "from shop.store import Store\n\n\ndef test_total():\n    store = Store()\n"
        '    store.products["a"] = Product("a", "Pen", 120)\n    cart = Cart()\n'
        '    cart.add("a", 3)\n    assert total(cart, store) == 360\n'
    )}),
    ("Serve the catalogue", {"shop/api.py": (
        '"""HTTP, kept thin."""\n\nfrom shop.store import Store\n\nstore = Store()\n\n\n'
        "def get_products() -> list[dict[str, object]]:\n"
        "    return [vars(product) for product in store.products.values()]\n"
    )}),
    ("Add to the cart over HTTP", {"shop/api.py": (
        "\n\ndef post_cart_line(cart, sku: str, count: int) -> None:\n"
        "    if sku not in store.products:\n        raise KeyError(sku)\n    cart.add(sku, count)\n"
    )}),
    ("Add the front end", {
        "web/package.json": '{\n  "name": "shop-web",\n  "private": true,\n  "dependencies": {\n'
        '    "react": "^19.0.0"\n  },\n  "devDependencies": {\n    "typescript": "^5.7.0",\n'
        '    "vite": "^6.0.0"\n  }\n}\n',
        "web/src/api.ts": "export async function products(): Promise<Product[]> {\n"
        '  const answer = await fetch("/products");\n  return answer.json();\n}\n\n'
        "export interface Product {\n  sku: string;\n  title: string;\n  price: number;\n}\n",
    }),
    ("Show prices", {"web/src/price.ts": (
        "export function price(cents: number): string {\n"
        "  return (cents / 100).toFixed(2);\n}\n"
    )}),
    ("Show the cart", {"web/src/cart.tsx": (
        'import { price } from "./price";\n\n'
        "export function CartTotal({ cents }: { cents: number }) {\n"
        "  return <strong>{price(cents)}</strong>;\n}\n"
    )}),
    ("Add log-in tokens", {"shop/auth.py": (
        '"""Who is calling."""\n\nfrom datetime import datetime, timedelta\n\n\n'
        "def new_token(user: str) -> dict[str, object]:\n"
        "    return {\"user\": user, \"expires\": datetime.now() + timedelta(minutes=30)}\n"
    )}),
    ("Refuse tokens that have expired", {"shop/auth.py": (
        "\n\ndef validate_token(token) -> str:\n    if token[\"expires\"] < datetime.now():\n"
        '        raise PermissionError("token expired")\n    return token["user"]\n'
    )}),
    ("Test log-in", {"tests/test_auth.py": (
        "from shop.auth import new_token, validate_token\n\n\ndef test_valid():\n"
        '    assert validate_token(new_token("kim")) == "kim"\n'
    )}),
    ("Add vouchers", {"shop/vouchers.py": (
        '"""Vouchers lower a price."""\n\n\ndef apply(total: int, percent: int) -> int:\n'
        "    return total - total * percent // 100\n"
    )}),
    ("Test vouchers", {"tests/test_vouchers.py": (
        "from shop.vouchers import apply\n\n\ndef test_apply():\n    assert apply(1000, 15) == 850\n"
    )}),
    ("Add shipping costs", {"shop/pricing.py": (
        "\n\ndef shipping(total_cents: int) -> int:\n    return 0 if total_cents >= 5000 else 490\n"
    )}),
    ("Test shipping costs", {"tests/test_pricing.py": (
        "\n\ndef test_shipping():\n    from shop.pricing import shipping\n\n"
        "    assert shipping(4999) == 490\n    assert shipping(5000) == 0\n"
    )}),
    ("Add orders", {"shop/models.py": (
        "\n\n@dataclass\nclass Order:\n    number: int\n    cart: Cart\n    paid: bool = False\n"
    )}),
    ("Number orders", {"shop/orders.py": (
        '"""From cart to order."""\n\nfrom itertools import count\n\nfrom shop.models import Cart, Order\n\n'
        "_numbers = count(1)\n\n\ndef place(cart: Cart) -> Order:\n"
        '    if not cart.lines:\n        raise ValueError("empty cart")\n'
        "    return Order(next(_numbers), cart)\n"
    )}),
    ("Test orders", {"tests/test_orders.py": (
        "import pytest\n\nfrom shop.models import Cart\nfrom shop.orders import place\n\n\n"
        "def test_empty():\n    with pytest.raises(ValueError):\n        place(Cart())\n"
    )}),
    ("Take payments", {"shop/payments.py": (
        '"""Payments, through a provider."""\n\n\ndef pay(order, charge) -> None:\n'
        "    charge(order.number)\n    order.paid = True\n"
    )}),
    ("Send confirmations", {"shop/mail.py": (
        '"""Mail to customers."""\n\n\ndef confirmation(order) -> str:\n'
        '    return f"Thank you! Your order {order.number} is on its way."\n'
    )}),
    ("Read settings from the environment", {"shop/settings.py": (
        '"""Settings."""\n\nimport os\n\nDATABASE_URL = os.environ.get("DATABASE_URL", "sqlite://")\n'
    )}),
    ("Describe the set-up", {"README.md": "\n## Set-up\n\n    pip install -e .\n    pytest\n"}),
    ("Run the tests for every change", {".github/workflows/test.yml": (
        "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - uses: actions/checkout@v4\n      - run: pip install -e . pytest && pytest\n"
    )}),
    ("Limit what one caller may ask", {"shop/limits.py": (
        '"""Not too often."""\n\nfrom collections import Counter\n\n_seen: Counter[str] = Counter()\n\n\n'
        "def allowed(caller: str, most: int = 100) -> bool:\n    _seen[caller] += 1\n"
        "    return _seen[caller] <= most\n"
    )}),
    ("Log requests", {"shop/log.py": (
        '"""One line a request."""\n\nimport logging\n\nlog = logging.getLogger("shop")\n'
    )}),
    ("Round prices of foreign currencies", {"shop/money.py": (
        "\n\ndef convert(cents: int, rate: float) -> int:\n    return round(cents * rate)\n"
    )}),
    ("Add a page for one product", {"web/src/product.tsx": (
        'import { price } from "./price";\nimport type { Product } from "./api";\n\n'
        "export function ProductPage({ product }: { product: Product }) {\n"
        "  return (\n    <h1>\n      {product.title} {price(product.price)}\n    </h1>\n  );\n}\n"
    )}),
]  # fmt: skip


def build(top: Path, environ: dict[str, str]) -> int:
    """Make the repository with all its commits; returns how many."""
    top.mkdir(parents=True)
    git(top, environ, "init", "--quiet", "--initial-branch=main")
    for number, (subject, files) in enumerate(STEPS):
        for name, text in files.items():
            path = top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(text)
        git(top, environ, "add", "--all")
        day = f"2026-{1 + number // 8:02d}-{1 + 3 * (number % 8):02d}T10:00:00+00:00"
        dated = {**environ, "GIT_AUTHOR_DATE": day, "GIT_COMMITTER_DATE": day}
        git(top, dated, "commit", "--quiet", "--message", subject)
    return len(STEPS)


def git(top: Path, environ: dict[str, str], *args: str) -> str:
    """Run git in the sample and return what it printed."""
    done = subprocess.run(
        ["git", *args], cwd=top, env=environ, capture_output=True, text=True, check=True
    )
    return done.stdout


def environment(home: Path, program: Path) -> dict[str, str]:
    """Return an environment of its own: another home, a fixed identity, ``program`` on the PATH."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {
        **kept,
        "HOME": str(home),
        "PATH": f"{program}{os.pathsep}{kept.get('PATH', '')}",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Sample Author",
        "GIT_AUTHOR_EMAIL": "author@example.com",
        "GIT_COMMITTER_NAME": "Sample Author",
        "GIT_COMMITTER_EMAIL": "author@example.com",
    }
