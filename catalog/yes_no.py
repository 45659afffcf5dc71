"""Yes and no, as spreadsheets and shops write them: Excel writes TRUE in the language of whoever saved the file."""

from __future__ import annotations

YES_WORDS = """
1 1.0 true yes y t on wahr ja vrai oui verdadero verdadeiro sí si sim vero sì waar sant sand sann prawda tak
истина да правда pravda ano áno tosi kyllä igaz igen doğru evet αληθησ ναι adevărat da 真 是 はい 예 참 ใช่ đúng
"""
NO_WORDS = """
0 0.0 false no n f off falsch nein faux non falso não nao onwaar nee falskt falsk usann nej nei fałsz nie
ложь нет nepravda ne epätosi ei hamis nem yanlış hayır ψευδησ οχι fals nu 假 否 いいえ 아니요 거짓 sai
"""
YES, NO = frozenset(YES_WORDS.split()), frozenset(NO_WORDS.split())


def read_yes_no(text: str) -> bool | None:
    """Return what a cell says, or None where it is neither word."""
    word = text.strip().casefold().replace("i̇", "i")  # the dot that casefold leaves of a Turkish capital
    return True if word in YES else False if word in NO else None
