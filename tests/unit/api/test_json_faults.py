"""Why a text is no JSON, in the words of the language."""

from __future__ import annotations

import json

import pytest
from django.utils.translation import override

from api.json_faults import describe_json_fault

BROKEN = [
    ("", "此处应有一个值", 1, 1),
    ("{", "此处应有双引号括起的属性名", 1, 2),
    ('{"a" 1}', "此处应有冒号", 1, 6),
    ("[1\n 2]", "此处应有逗号", 2, 2),
    ("1 2", "JSON 之后还有多余内容", 1, 3),
    ('"\n"', "含有未转义的控制字符", 1, 2),
    ('"\\q"', "反斜杠转义有误", 1, 2),
    ('"\\u12"', "\\uXXXX 转义有误", 1, 3),
    ('"x', "从此处开始的字符串没有结束", 1, 1),
    ("\ufeff1", "开头有多余的 UTF-8 字节顺序标记", 1, 1),
]


@pytest.mark.parametrize(("text", "fault", "line", "column"), BROKEN)
def test_each_fault_that_python_finds_is_said_in_chinese(text, fault, line, column):
    with pytest.raises(json.JSONDecodeError) as error:
        json.loads(text)
    with override("zh-hans"):
        said = describe_json_fault(error.value)
    assert said.startswith(f"第 {line} 行第 {column} 列（第 ")
    assert said.endswith(f" 个字符）：{fault}")
    assert describe_json_fault(error.value) == str(error.value)  # in English as Python has it


@pytest.mark.parametrize(
    ("read", "english", "chinese"),
    [
        (b"a\xff".decode, "byte 1 is not UTF-8", "第 1 个字节不是 UTF-8"),
        ("\ud800".encode, "it holds half of a surrogate pair", "含有不成对的代理字符"),
        (lambda: json.loads("[" * 100_000), "it is nested too deeply", "嵌套过深"),
        (lambda: json.loads("1" * 5_000), "a number is too large", "有数字过大"),
    ],
)
def test_what_is_beyond_json_is_said_as_well(read, english, chinese):
    with pytest.raises((ValueError, RecursionError)) as error:
        read()
    assert describe_json_fault(error.value) == english
    with override("zh-hans"):
        assert describe_json_fault(error.value) == chinese
