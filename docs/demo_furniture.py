"""A row for every list of the admin that an unused demo shop leaves empty.

    python manage.py shell < docs/demo_furniture.py

`docs/every_screenshot.py --furnish` runs it. What is made stays, and making it twice changes nothing: it is for a shop
that is thrown away afterwards.
"""

from datetime import timedelta
from itertools import pairwise

from django.contrib.auth.models import Group, User
from django.utils import timezone

from api.models import ApiKey
from behaviour.models import Arm, Experiment
from catalog.models import Category, Product, Source
from recommendations.golden.pair import GoldenJudgement, GoldenPair
from recommendations.models import Rule, SearchRule

mugs = list(Product.objects.filter(sku__startswith="MUG-").order_by("sku")[:6])
tableware = Category.objects.get(path="Tableware")
now = timezone.now()
Rule.objects.get_or_create(kind="pin", anchor=mugs[0], target=mugs[4], position=2)
Rule.objects.get_or_create(kind="link", anchor=mugs[0], target=mugs[5])
Rule.objects.get_or_create(
    kind="bury", anchor_category=tableware, target_attribute="colour", target_value="green",
    defaults={"starts_at": now, "ends_at": now + timedelta(days=9)},
)  # fmt: skip
Rule.objects.get_or_create(kind="boost", target_category=tableware, factor=1.5)
SearchRule.objects.get_or_create(kind="redirect", query="sale", url="/?category=Tableware")
Source.objects.get_or_create(name="whitby", kind="google", address="https://shop.example/whitby.xml")
if not ApiKey.objects.filter(name="app of the shop").exists():
    ApiKey.objects.issue("app of the shop", scope="publishable")
test, is_new = Experiment.objects.get_or_create(
    name="closer-pictures", title="Lists that look more like the picture", strategy="similar"
)
if is_new:
    Arm.objects.create(experiment=test, name="control")
    Arm.objects.create(experiment=test, name="pictures")
judges = [User.objects.get_or_create(username=name)[0] for name in ("ada", "lin")]
judges[0].groups.add(Group.objects.get(name="merchandiser"))
for place, (first, second) in enumerate(pairwise(sorted(mugs, key=lambda mug: mug.pk))):
    pair, _ = GoldenPair.objects.get_or_create(first=first, second=second, defaults={"origin": "chance"})
    for judge in judges:
        said = {"grade": (place + (place == 2 and judge == judges[1])) % 3, "judged_at": now}
        GoldenJudgement.objects.get_or_create(pair=pair, user=judge, defaults=said)
print("The shop is furnished.")
