"""What a search text says: which of its words are a category, a colour, a price, and which are left to be searched for.

Pure: the terms of the catalogue that its phrases may mean are handed in. Phrases are read from the left, the longest
first; a word that says what is not wanted ("without", "不要") turns what follows it round.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from django.utils.translation import gettext

from recommendations.search.amounts import CHEAP, DEAR, Amount, describe_amount, read_amounts
from recommendations.search.folding import Token, fold, is_chinese, join, key_of, split
from recommendations.search.markers import AND_NOT, EMPTY_WORDS, NOT, find_filler, find_marker
from recommendations.search.query_words import word_list
from recommendations.search.readings import SURE as SURE
from recommendations.search.readings import Reading as Reading
from recommendations.search.readings import Term as Term
from recommendations.search.readings import join_alike

MAX_WORDS, MAX_CHARACTERS = 5, 8  # of a phrase
NAMED = 0.95  # what the catalogue itself calls so; below it the words are searched for as well
PART_OF_WORD = 0.6  # of what goes on with characters that mean nothing known
DOUBTFUL = 0.5  # a term less sure than this is not read
IDIOMS = word_list("idioms")  # of which a part is called like a colour and is none: "green tea"
KINDS = ("category", "colour", "attribute", "collection", "brand")  # of terms as sure as each other, in this order


Terms = Mapping[str, Sequence[Term]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """A query as it was understood.

    `wanted` is what it asks for, without prices, measures and what is not wanted, in the words of the catalogue where
    they are of another script: an encoder compares it with texts of the catalogue. `rest` is what no filter stands for
    and is to be searched for in words. `alternatives` are other words of the catalogue for some of the rest.
    """

    text: str
    readings: tuple[Reading, ...] = ()
    wanted: str = ""
    rest: str = ""
    alternatives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    order: str = ""  # "price" for cheap, "-price" for the dearest


def list_phrases(text: str) -> list[str]:
    """Return the keys of all phrases of a query that may be terms."""
    tokens = split(fold(text))
    found = {}
    for start in range(len(tokens)):
        for end in range(start + 1, len(tokens) + 1):
            if not _is_phrase(tokens[start:end]):
                break
            found[key_of([token.text for token in tokens[start:end]])] = True
    return [phrase for phrase in found if phrase]


def understand(text: str, terms: Terms, *, without: Collection[str] = ()) -> Understanding:
    """Return what a query says. `terms` has what its phrases mean, by key; `without` are the keys of readings that the
    visitor has taken away: their words are searched for as words."""
    folded = fold(text)
    reader = _Reader(terms, without)
    amounts = [amount for amount in read_amounts(folded) if reader.take_amount(amount, folded)]
    order = ""
    for pattern, said in ((CHEAP, "price"), (DEAR, "-price")):
        if pattern.search(folded):
            order = order or said
            folded = pattern.sub(lambda said: " " * len(said[0]), folded)
    taken = [range(amount.start, amount.end) for amount in amounts]
    reader.read([token for token in split(folded) if not any(token.start in span for span in taken)])
    return Understanding(
        text=text,
        readings=tuple(join_alike(reader.readings)),
        wanted=join(reader.wanted),
        rest=join(reader.rest),
        alternatives=reader.alternatives,
        order=order,
    )


def _is_phrase(tokens: Sequence[Token]) -> bool:
    """Chinese characters, or words, that follow one another with nothing taken out between them."""
    length = sum(1 if token.is_chinese else 2 for token in tokens)
    close = all(after.start - before.end <= 3 for before, after in pairwise(tokens))
    most = MAX_CHARACTERS if all(token.is_chinese for token in tokens) else 2 * MAX_WORDS
    return close and length <= most


class _Reader:
    """Reads the words of a query from the left."""

    def __init__(self, terms: Terms, without: Collection[str]) -> None:
        self.terms, self.without = terms, without
        self.readings: list[Reading] = []
        self.wanted: list[str] = []
        self.rest: list[str] = []
        self.alternatives: dict[str, tuple[str, ...]] = {}
        self.read_to = -1  # where the phrase that was read last ends

    def take_amount(self, amount: Amount, folded: str) -> bool:
        words = folded[amount.start : amount.end].strip()
        kind = "measure" if amount.unit else "price"
        label = describe_amount(amount)
        reading = Reading(kind=kind, words=words, label=label, low=amount.low, high=amount.high, unit=amount.unit)
        return self.add(reading)

    def add(self, reading: Reading) -> bool:
        """Keep a reading unless the visitor does not want it or it is there already."""
        if reading.key in self.without:
            return False
        if reading.key not in {known.key for known in self.readings}:
            self.readings.append(reading)
        return True

    def read(self, tokens: Sequence[Token]) -> None:
        place, negated, has_negated = 0, False, False
        while place < len(tokens):
            phrase, meant = self.find_longest(tokens, place)
            marker, filler = find_marker(tokens, place), find_filler(tokens, place)
            word = tokens[place].text
            if filler > max(marker, len(phrase), 1):  # 有没有 is no 没有
                place += filler
            elif marker and marker >= len(phrase):
                place, negated, has_negated = place + marker, True, False
            elif negated and has_negated and word not in AND_NOT:
                negated = False
            elif phrase and not meant:
                self.keep(phrase)
                place += len(phrase)
            elif phrase:
                self.take(phrase, meant, negated=negated)
                place, has_negated = place + len(phrase), negated
                self.read_to = tokens[place - 1].end
            elif filler or word in AND_NOT or (word in NOT and place == len(tokens) - 1):
                place += max(filler, 1)
                has_negated = has_negated and word not in AND_NOT  # "not white or blue"
            elif negated:
                place, has_negated = self.take_unwanted(tokens, place), True
            else:
                self.doubt_part_of_word(tokens[place])
                self.keep([word])
                place += 1

    def doubt_part_of_word(self, token: Token) -> None:
        """A thing in Chinese is named by its last characters: 洗衣机 is no 洗衣, whatever that means here."""
        if token.is_chinese and token.start == self.read_to and self.readings:
            self.readings[-1] = replace(self.readings[-1], weight=min(self.readings[-1].weight, PART_OF_WORD))

    def find_longest(self, tokens: Sequence[Token], place: int) -> tuple[list[str], list[Term]]:
        """Return the words of the longest phrase here that means something, and what."""
        for end in range(min(place + MAX_CHARACTERS, len(tokens)), place, -1):
            if _is_phrase(tokens[place:end]):
                words = [token.text for token in tokens[place:end]]
                key = key_of(words)
                if meant := [term for term in self.terms.get(key, ()) if term.weight >= DOUBTFUL]:
                    return words, meant
                if key in IDIOMS:
                    return words, []
        return [], []

    def take(self, words: list[str], meant: list[Term], *, negated: bool) -> None:
        said = [term for term in meant if term.kind in KINDS]
        reading = choose(join(words), said, negated=negated) if said else None
        taken = reading is not None and self.add(reading)
        if negated:
            if not taken and not said:
                self.add(unwanted(words))
            return
        others = tuple(dict.fromkeys(term.value for term in meant if term.kind == "word"))
        self.wanted += in_its_words(words, [reading.values[0][1]] if reading and taken else others)
        if not taken or (reading and reading.weight < NAMED):
            self.rest += words
            if others:
                self.alternatives[join(words)] = others

    def keep(self, words: list[str]) -> None:
        self.wanted += words
        self.rest += words

    def take_unwanted(self, tokens: Sequence[Token], place: int) -> int:
        """Read a word that means nothing known as unwanted, of Chinese all up to what is known; return what is next."""
        end = place + 1
        while is_chinese(tokens[place].text) and end < len(tokens) and self.goes_on(tokens, end):
            end += 1
        words = [token.text for token in tokens[place:end]]
        if not self.add(unwanted(words)):
            self.keep(words)
        return end

    def goes_on(self, tokens: Sequence[Token], place: int) -> bool:
        word = tokens[place].text
        return is_chinese(word) and word not in EMPTY_WORDS and not self.find_longest(tokens, place)[0]


def in_its_words(words: list[str], others: Sequence[str]) -> list[str]:
    """Return words as the catalogue has them, where they are Chinese and it is not, or the other way round."""
    if others and is_chinese(words[0]) != is_chinese(others[0]):
        return others[0].rpartition("/")[2].lower().split()
    return words


def unwanted(words: Sequence[str]) -> Reading:
    """A word that products should not have in their titles."""
    text = join(words)
    return Reading(kind="word", words=text, values=(("", text),), label=gettext("not %s") % text, is_negated=True)


def rank_of(term: Term) -> tuple[bool, bool, float, int, int]:
    """A sure category first, then the surest, then by kind."""
    is_sure = term.weight >= SURE
    return is_sure, is_sure and term.kind == "category", term.weight, -KINDS.index(term.kind), term.products


def choose(words: str, meant: Sequence[Term], *, negated: bool) -> Reading:
    """Return the surest meaning of a phrase, with all its values that are nearly as sure."""
    best = max(meant, key=rank_of)
    same = [term for term in meant if term.kind == best.kind]
    near = [term for term in same if term.weight >= min(best.weight, SURE)]
    near.sort(key=lambda term: (-term.weight, -term.products, term.value))
    label = " / ".join(dict.fromkeys(term.label for term in near[:3]))
    return Reading(
        kind=best.kind,
        words=words,
        values=tuple(dict.fromkeys((term.name, term.value) for term in near)),
        label=gettext("not %s") % label if negated else label,
        weight=best.weight,
        is_negated=negated,
    )
