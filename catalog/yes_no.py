"""Yes and no, as spreadsheets and shops write them: Excel writes TRUE in the language of whoever saved the file."""

from __future__ import annotations

import unicodedata

YES_WORDS = """
1 1.0 true yes y t on j wahr ja vrai oui verdadero verdadeiro sí sim vero waar sant sand sann prawda tak active enabled
истина да правда pravda ano áno tosi kyllä igaz igen doğru evet αληθης ναι adevărat da 真 是 はい 예 참 ใช่ จริง đúng có
tõene benar ya točno נכון כן صحيح نعم ✓ ✔ ✅
"""
NO_WORDS = """
0 0.0 false no n f off falsch nein faux non falso não onwaar nee falskt falsk usann nej nei fałsz nie inactive disabled
ложь нет nepravda ne epätosi ei hamis nem yanlış hayır ψευδης οχι fals nu 假 否 いいえ 아니요 거짓 ไม่ใช่ เท็จ sai không
väär salah tidak netočno שקר לא خطأ لا ✗ ✘ ❌
"""


def read_yes_no(text: str) -> bool | None:
    """Return what a cell says, or None where it is neither word."""
    word = _fold(text.strip())
    return True if word in YES else False if word in NO else None


def _fold(word: str) -> str:
    """Return the word without capitals and accents, which capitals often lose, and with one kind of i."""
    letters = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).replace("ı", "i")


YES, NO = frozenset(map(_fold, YES_WORDS.split())), frozenset(map(_fold, NO_WORDS.split()))
