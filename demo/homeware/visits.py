"""SIMULATED visits to the demo shop. Nobody looked at anything; the rules stand in README.md."""
import csv
import datetime
import gzip
import io
import random
from pathlib import Path
import catalogue
import orders

SEED, DAYS, BROWSING, FURTHER_ORDERS = 4712, 28, 2900, 64
END = orders.START + datetime.timedelta(days=orders.DAYS)
START = END - datetime.timedelta(days=DAYS)
EXPERIMENT_START = END - datetime.timedelta(days=14)
TRENDING, TREND_DAYS = 7, 9        # products that suddenly everybody wants, and since when
COLLECTIONS = ["Fjord", "Atlas", "Kumo", "Onda", "Noir", ""]
CONSENTS, SHARES = ["personalisation", "analytics", "none"], [62, 14, 24]
FIELDS = ["at", "visit", "customer", "consent", "type", "skus", "list", "position", "order", "quantity", "query", "arm"]
LISTS = {  # how many products, how likely a visitor opens one, by the place of the first
    "similar": (6, .17), "bundle": (3, .11), "substitutes": (4, .34), "for-you": (6, .22), "trending": (6, .17),
    "search": (8, .62), "cart": (4, .08)}
EAGER = [.34, .22, .15, .11, .08, .05, .03, .02]           # which place it is
IN_CART, PUT_AWAY, WISHED, ALL_OF_BUNDLE, TAKEN_OUT = .085, .006, .02, .025, .12
MORE_FROM_ARM = .055                                        # what the tried arm adds to a list of similar products


class Shop:
    """The catalogue by what a visitor goes by."""

    def __init__(self, rng):
        self.rng, self.rows = rng, catalogue.products()
        self.by_sku = {r["sku"]: r for r in self.rows}
        ranks = rng.sample(range(len(self.rows)), len(self.rows))
        self.appeal = {r["sku"]: 1 / (rank + 8) ** .6 for r, rank in zip(self.rows, ranks)}
        cheap = [r for r in self.rows if float(r["price"]) < 60 and r["stock"] > 20 and r["_angles"]]
        self.trending = [r["sku"] for r in rng.sample(cheap, TRENDING)]

    def choose(self, rows, count, liking="", day=0):
        """So many different rows, those that are liked and those that trend sooner."""
        left, chosen = list(rows), []
        while left and len(chosen) < count:
            chosen.append(self.rng.choices(left, [self.weigh(r, liking, day) for r in left])[0])
            left.remove(chosen[-1])
        return chosen

    def weigh(self, row, liking, day):
        trend = 1 + 7 * max(0, day - (DAYS - TREND_DAYS)) / TREND_DAYS if row["sku"] in self.trending else 1
        return self.appeal[row["sku"]] * trend * (2.5 if liking and row["collection"] == liking else 1)

    def show(self, name, row, liking, day):
        """What a list holds."""
        count, _ = LISTS[name]
        if name == "trending":
            return [self.by_sku[sku] for sku in self.rng.sample(self.trending, count)]
        if name == "for-you":
            return self.choose([r for r in self.rows if not liking or r["collection"] == liking], count, liking, day)
        family = [r for r in self.rows if r["_family"] == row["_family"] and r["_design"] != row["_design"]]
        if name == "substitutes":
            return self.choose([r for r in family if r["stock"]], count, row["collection"], day)
        if name in ("similar", "search"):
            return self.choose(family, count, row["collection"], day)
        goes = [r for r in self.rows if r["_family"] in orders.GOES_WITH[row["_family"]] and r["stock"]]
        return self.choose(goes, count, row["collection"] or liking, day)


class Visit:
    """One visitor for some minutes. What they do is written down as it happens."""

    def __init__(self, shop, number, start, *, customer="", liking="", consent=None):
        self.shop, self.rng, self.number, self.now = shop, shop.rng, number, start
        self.customer, self.liking, self.day = customer, liking, (start - START).days
        self.consent = consent or self.rng.choices(CONSENTS, SHARES)[0]
        self.rows, self.cart = [], {}

    def note(self, type, *skus, **more):
        self.rows.append({"at": self.now.isoformat() + "Z", "visit": self.number, "customer": self.customer, "consent": self.consent,
                          "type": type, "skus": "|".join(skus), **more})

    def wait(self, low, high):
        self.now += datetime.timedelta(seconds=self.rng.randint(low, high))

    def see(self, name, row=None):
        """Look at a list. Returns what is opened of it, if anything, and at which place."""
        shown = self.shop.show(name, row, self.liking, self.day)
        if not shown:
            return None, 0
        self.wait(2, 9)
        self.note("impression", *[r["sku"] for r in shown], list=name)
        if self.consent == "personalisation" and self.rng.random() < PUT_AWAY:
            self.note("dismiss", self.rng.choice(shown)["sku"], list=name)
        place = self.rng.choices(range(len(shown)), EAGER[:len(shown)])[0]
        if self.rng.random() < LISTS[name][1]:
            return self.open(shown, place, name)
        if name == "similar" and self.now >= EXPERIMENT_START and self.rng.random() < MORE_FROM_ARM:
            self.open(shown, place, name, arm="tried")      # and back: the visit goes on as it would have
        return None, 0

    def open(self, shown, place, name, **more):
        self.wait(2, 20)
        self.note("click", shown[place]["sku"], list=name, position=place + 1, **more)
        if more:
            self.note("view", shown[place]["sku"], **more)
        return shown[place], place + 1

    def search(self, row):
        words = [row["attributes"]["material"], row["attributes"]["colour"], row["_family"]]
        self.note("search", query=" ".join(self.rng.sample(words[:2], self.rng.randint(0, 2)) + words[2:]))
        return self.see("search", row)

    def put(self, row, name="", position=0):
        count = orders.BY_TWO.get(row["_family"], 1) if self.rng.random() < .3 else 1
        self.cart[row["sku"]] = count
        self.note("add_to_cart", row["sku"], quantity=count, **({"list": name, "position": position} if name else {}))

    def view(self, row, source="", place=0):
        """A product's page, with what is below it. Returns where the visitor goes from there."""
        self.wait(4, 40)
        self.note("view", row["sku"])
        if row["stock"] and self.rng.random() < IN_CART:
            self.put(row, source, place)
        if self.consent == "personalisation" and self.rng.random() < WISHED:
            self.note("wishlist", row["sku"])
        for name in (["substitutes"] if not row["stock"] else ["bundle", "similar"]):
            found, at = self.see(name, row)
            if name == "bundle" and self.rng.random() < ALL_OF_BUNDLE:
                self.put(row)
                for other, spot in zip(self.shop.show("bundle", row, self.liking, self.day)[:2], (1, 2)):
                    self.put(other, "bundle", spot)
            if found:
                return found, name, at
        return None, "", 0

    def browse(self):
        """Come in by one of three doors, and look around."""
        wanted = self.shop.choose(self.shop.rows, 1, self.liking, self.day)[0]
        door, found, name, at = self.rng.random(), wanted, "", 0
        if door < .38:
            name = "search"
            found, at = self.search(wanted)
        elif door < .78:
            name = "for-you" if self.customer and self.consent == "personalisation" else "trending"
            found, at = self.see(name)
        if not found and self.rng.random() < .6:
            found, name, at = wanted, "", 0
        steps = min(9, 1 + int(self.rng.expovariate(.45)))
        while found and steps:
            found, name, at = self.view(found, name, at)
            steps -= 1
            if not found and steps and self.rng.random() < .45:
                found = self.shop.choose(self.shop.rows, 1, self.liking, self.day)[0]
        for sku in [sku for sku in self.cart if self.rng.random() < TAKEN_OUT]:
            self.note("remove_from_cart", sku, quantity=self.cart.pop(sku))

    def buy(self, lines, order=""):
        """Look at these products, put them into the cart, and buy them. Orders of orders.csv stand there."""
        self.cart.clear()
        for place, (sku, quantity) in enumerate(lines):
            row, way, name, at = self.shop.by_sku[sku], self.rng.random(), "", 0
            if way < .45:
                name = ("bundle" if way < .2 else "similar") if place else ("search" if way < .25 else "for-you")
                before = self.shop.by_sku[lines[place - 1][0]] if place else row
                others = [r for r in self.shop.show(name, before, self.liking, self.day) if r is not row]
                at = self.rng.randint(1, 3)
                shown = [*others[:at - 1], row, *others[at - 1:LISTS[name][0] - 1]]
                at = shown.index(row) + 1
                if name == "search":
                    self.note("search", query=row["_family"])
                self.note("impression", *[r["sku"] for r in shown], list=name)
                self.open(shown, at - 1, name)
            self.wait(5, 60)
            self.note("view", sku)
            self.note("add_to_cart", sku, quantity=quantity, **({"list": name, "position": at} if name else {}))
        self.see("cart", self.shop.by_sku[lines[0][0]])
        self.wait(20, 120)
        if order:
            for sku, quantity in lines:
                self.note("purchase", sku, order=order, quantity=quantity)


def draw_moment(rng, first_day=0.0):
    """More in the evening, and a little more each week."""
    day = first_day + (DAYS - first_day) * max(rng.random(), rng.random() * .85)
    moment = START + datetime.timedelta(days=int(day))
    return moment.replace(hour=min(22, max(6, int(rng.gauss(17, 4)))), minute=rng.randrange(60), second=rng.randrange(60))


def simulate():
    rng = random.Random(SEED)
    shop, visits = Shop(rng), []
    likes = {}

    def begin(start, **who):
        visits.append(Visit(shop, len(visits) + 1, start, **who))
        return visits[-1]

    def liking_of(customer):
        return likes.setdefault(customer, rng.choice(COLLECTIONS))

    for when, customer, lines in orders.simulate():
        if when >= START + datetime.timedelta(hours=1):
            begin(when - datetime.timedelta(minutes=rng.randint(8, 50)), customer=f"C{customer:04d}",
                  liking=liking_of(customer), consent=rng.choices(CONSENTS, [80, 8, 12])[0]).buy(lines)
    for number in range(1, FURTHER_ORDERS + 1):
        customer = rng.randint(1, orders.CUSTOMERS)
        first = shop.by_sku[rng.choice(shop.trending)]
        basket = [first, *[r for r in shop.show("bundle", first, "", DAYS) if rng.random() < .3]]
        begin(draw_moment(rng, DAYS - TREND_DAYS), customer=f"C{customer:04d}", liking=liking_of(customer)).buy(
            [(r["sku"], orders.BY_TWO.get(r["_family"], 1) if rng.random() < .3 else 1) for r in basket], f"W{number:05d}")
    for _ in range(BROWSING):
        customer = rng.randint(1, orders.CUSTOMERS) if rng.random() < .38 else None
        who = {"customer": f"C{customer:04d}", "liking": liking_of(customer)} if customer else {"liking": rng.choice(COLLECTIONS)}
        begin(draw_moment(rng), **who).browse()
    return sorted((row for visit in visits for row in visit.rows), key=lambda row: (row["at"], row["visit"]))


def main():
    text = io.StringIO()
    out = csv.DictWriter(text, FIELDS, restval="", lineterminator="\n")
    out.writeheader()
    out.writerows(simulate())
    with gzip.GzipFile(Path(__file__).parent / "visits.csv.gz", "wb", mtime=0) as file:   # the same again, byte by byte
        file.write(text.getvalue().encode())


if __name__ == "__main__":
    main()
