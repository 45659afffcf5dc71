"""Whether an item can be bought, in the words that feeds use for it, and how many there are."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext

from catalog.importers.cells import floor_count
from catalog.importers.report import RowError

# A comma between words; spaces, case, accents and separators do not matter. Names of schema.org are among them.
IN_STOCK = """
in stock, available, in store, in store only, online only, limited availability, limited stock, limited, low stock,
few left, ready to ship, available now, on hand, yes, true, 1, auf lager, lagernd, ab lager, sofort lieferbar,
sofort verfügbar, lieferbar, verfügbar, vorrätig, en stock, disponible, en existencia, in magazzino, disponibile,
disponibilità immediata, em estoque, em stock, disponível, op voorraad, voorradig, leverbaar, beschikbaar, i lager,
finns i lager, tillgänglig, på lager, varastossa, saatavilla, dostępny, dostępne, dostępna, w magazynie, na stanie,
skladem, na sklade, dostupné, raktáron, készleten, în stoc, disponibil, в наличии, есть в наличии, на складе,
в наявності, є в наявності, stokta, stokta var, mevcut, σε απόθεμα, διαθέσιμο, άμεσα διαθέσιμο, na zalogi,
na zalihi, na stanju, dostupno, в наличност, наличен, laos, yra sandėlyje, sandėlyje, ir noliktavā, noliktavā,
có hàng, còn hàng, tersedia, มีสินค้า, พร้อมส่ง, 在庫あり, 有货, 现货, 有库存, 有貨, 現貨, 有現貨, 有庫存,
재고 있음, 구매 가능, במלאי, متوفر, متاح, في المخزون, موجود, स्टॉक में
"""
OUT_OF_STOCK = """
out of stock, oos, no stock, not in stock, sold out, unavailable, not available, currently unavailable,
discontinued, temporarily out of stock, temporarily sold out, temporarily unavailable, no longer available, retired,
end of life, eol, reserved, no, false, 0, nicht auf lager, nicht verfügbar, nicht vorrätig, nicht lieferbar,
nicht mehr lieferbar, derzeit nicht verfügbar, zurzeit nicht verfügbar, momentan nicht verfügbar,
nicht mehr verfügbar, momentan ausverkauft, ausverkauft, vergriffen, rupture, rupture de stock, en rupture,
en rupture de stock, rupture temporaire, épuisé, épuisée, indisponible, non disponible, hors stock, plus disponible,
sin stock, agotado, agotada, no disponible, fuera de stock, sin existencias, descatalogado, esaurito, esaurita,
non disponibile, fuori stock, fuori produzione, esgotado, esgotada, sem estoque, sem stock, fora de estoque,
indisponível, descontinuado, uitverkocht, niet op voorraad, niet voorradig, niet leverbaar, niet beschikbaar, slut,
slutsåld, slut i lager, ej i lager, inte i lager, ikke på lager, utsolgt, udsolgt, loppu, loppuunmyyty,
ei varastossa, ei saatavilla, brak, brak w magazynie, niedostępny, niedostępne, niedostępna, wyprzedany, wyprzedane,
vyprodáno, není skladem, nedostupné, vypredané, nie je na sklade, elfogyott, nincs raktáron, nincs készleten,
stoc epuizat, epuizat, indisponibil, nu este în stoc, lipsă stoc, нет в наличии, отсутствует, распродано,
нет на складе, снят с производства, немає в наявності, немає, розпродано, stokta yok, tükendi, mevcut değil,
εκτός αποθέματος, εξαντλημένο, εξαντλήθηκε, μη διαθέσιμο, ni na zalogi, razprodano, nema na zalihi, nema na stanju,
rasprodano, nedostupno, изчерпан, изчерпано, няма наличност, не е наличен, läbi müüdud, nėra sandėlyje, išparduota,
nav noliktavā, izpārdots, hết hàng, stok habis, habis, tidak tersedia, สินค้าหมด, หมด, 在庫なし, 在庫切れ, 売り切れ,
品切れ, 完売, 販売終了, 缺货, 无货, 售罄, 无库存, 断货, 已售完, 停产, 下架, 缺貨, 無貨, 售完, 無庫存, 斷貨, 停產,
품절, 재고 없음, 매진, 단종, אזל, אזל מהמלאי, לא במלאי, לא זמין, غير متوفر, غير متاح, نفد, نفدت الكمية, نفد المخزون,
स्टॉक में नहीं, स्टॉक समाप्त
"""
# It is sold although it is not there yet.
TO_ORDER = """
preorder, pre sale, backorder, on backorder, back ordered, available for order, on order, to order, made to order,
special order, available soon, coming soon, vorbestellbar, vorbestellt, nachbestellt, nachlieferbar,
lieferrückstand, im rückstand, demnächst verfügbar, bald verfügbar, vorbestellung, auf bestellung, bestellbar,
auf anfrage bestellbar, précommande, en précommande, pré-commande, en attente, commande en attente,
bientôt disponible, sur commande, disponible sur commande, preventa, en preventa, reserva, reserva anticipada,
pedido anticipado, pedido pendiente, próximamente, bajo pedido, por encargo, preordine, in preordine, preordinabile,
ordinabile, su ordinazione, arretrato, in arretrato, ordine arretrato, in arrivo, prenotabile, pré-venda,
pré-encomenda, sob encomenda, por encomenda, encomenda pendente, em espera, em breve, nabestelling, in nabestelling,
vooruitbestelling, reservering, te bestellen, op bestelling, förbeställning, förhandsbeställning, förhandsbokning,
restorder, restnoterad, beställningsvara, forudbestilling, forhåndsbestilling, forhåndsordre, restordre,
bestillingsvare, ennakkotilaus, ennakkotilattavissa, tilaustuote, przedsprzedaż, w przedsprzedaży,
zamówienie oczekujące, na zamówienie, předobjednávka, na objednávku, predobjednávka, na objednanie, előrendelés,
előrendelhető, rendelhető, rendelésre, precomandă, la comandă, предзаказ, доступно для заказа, под заказ,
передзамовлення, під замовлення, ön sipariş, sipariş üzerine, προπαραγγελία, κατόπιν παραγγελίας, prednaročilo,
po naročilu, prednarudžba, po narudžbi, предварителна поръчка, по поръчка, đặt trước, สั่งจองล่วงหน้า, พรีออเดอร์,
予約, 予約受付, 予約受付中, 予約販売, 取り寄せ, お取り寄せ, 取り寄せ可, 入荷待ち, 预订, 预售, 预购, 缺货登记,
延期交货, 可预订, 預購, 預訂, 預售, 예약, 예약 주문, 이월 주문, 예약 판매, 예약구매, 주문 가능, 주문 제작,
הזמנה מראש, בהזמנה, طلب مسبق, حسب الطلب, प्री-ऑर्डर
"""
QUANTITIES = ("quantity", "quantity_to_sell_on_facebook", "sell_on_google_quantity", "inventory")
SCHEMA = re.compile(r"(https?://)?(www\.)?schema(\.org/|:)", re.IGNORECASE)


def fold_word(text: str) -> str:
    """Return what all spellings of a word have in common: `OutOfStock`, `out-of-stock`, `Épuisé` and `epuise`."""
    text = unicodedata.normalize("NFKD", SCHEMA.sub("", text.strip())).casefold()
    return "".join(char for char in text if char.isalnum())


def _fold_words(words: str) -> frozenset[str]:
    return frozenset(filter(None, map(fold_word, words.replace("\n", " ").split(","))))


IN_STOCK_WORDS, OUT_OF_STOCK_WORDS, TO_ORDER_WORDS = map(_fold_words, (IN_STOCK, OUT_OF_STOCK, TO_ORDER))


def read_stock(fields: dict[str, list[str]]) -> dict[str, str]:
    """Return the column stock, as far as the item says it. Raises RowError for a word that is not known.

    What cannot be bought has none left, whatever its quantity. What can be ordered is not counted where none is left;
    what is in stock is not counted where no quantity is given.
    """
    said = fields.get("availability", [""])[0]
    word = fold_word(said)
    quantity = floor_count(next((fields[name][0] for name in QUANTITIES if name in fields), ""))
    if not said:
        return {"stock": quantity} if quantity else {}
    if word in OUT_OF_STOCK_WORDS:
        return {"stock": "0"}
    if word in TO_ORDER_WORDS:
        return {"stock": "" if re.fullmatch(r"0+(\.0+)?", quantity) else quantity}
    if word in IN_STOCK_WORDS:
        return {"stock": quantity}
    raise RowError(
        gettext("availability %(said)r is not known: write in_stock, out_of_stock, preorder or backorder")
        % {"said": said[:60]}
    )
