"""Words by which a product is found and that Postgres cannot make itself."""

from catalog.search_words import make_search_words


def test_chinese_is_taken_apart_into_words_each_once_beside_the_names_of_the_category() -> None:
    titles = ["蓝色陶瓷马克杯", "大号马克杯"]

    assert make_search_words(titles, category="Home/Kitchen/Mugs") == "Home Kitchen Mugs 蓝色 陶瓷 马克 马克杯"


def test_texts_without_chinese_leave_the_names_of_the_category_alone() -> None:
    assert make_search_words(["Blue mug"], category="Home") == "Home"
    assert make_search_words(["Blue mug"], category="") == ""
