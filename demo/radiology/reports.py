"""Writes reports by a grammar, in English and Chinese: what was found, what was not, an impression. Wording varies at random.

Both languages say the same. A report names what is absent as often as what is there, as those who write them do: words
alone do not tell which of both it is.
"""

ENGLISH = {
    "nodule": ["There is a {mm} mm rounded nodule in the {side} {zone} zone.",
               "A well-defined nodular opacity of {mm} mm projects over the {zone} {side} lung.",
               "Solitary nodule, {mm} mm across, {side} lung, {zone} third."],
    "effusion": ["{Degree} {side} pleural effusion with blunting of the costophrenic angle.",
                 "There is a {degree} amount of pleural fluid on the {side}.",
                 "Fluid layers at the {side} base and climbs along the chest wall, {degree} in amount."],
    "pneumothorax": ["{Degree} {side} pneumothorax; the visceral pleural line is visible.",
                     "Air in the {side} pleural space, {degree}, with absent lung markings beyond the pleural line.",
                     "There is a {degree} pneumothorax on the {side}."],
    "cardiomegaly": ["The heart is {grown} enlarged.", "Cardiomegaly, {grown}.",
                     "The cardiothoracic ratio is {grown} increased."],
    "consolidation": ["{Degree} patchy consolidation in the {side} {zone} zone.",
                      "Airspace opacity of {degree} extent in the {zone} {side} lung, with ill-defined margins.",
                      "There is confluent {degree} shadowing in the {side} lung, {zone} zone, in keeping with consolidation."],
    "fracture": ["Fracture of {ribs} on the {side}, {zone} chest wall.",
                 "There is cortical disruption of {ribs}, {side} lateral, {zone} third.",
                 "{Ribs} on the {side} broken in the {zone} third, with a step at the fracture."],
}
CHINESE = {
    "nodule": ["{side}肺{zone}野见一约 {mm} mm 的类圆形结节。", "{side}肺{zone}野结节影，边界清楚，直径约 {mm} mm。", "{side}{zone}肺孤立结节，大小约 {mm} mm。"],
    "effusion": ["{side}侧胸腔{degree}积液，肋膈角变钝。", "{side}侧见{degree}胸水。", "{side}肺底积液影，沿胸壁上行，{degree}。"],
    "pneumothorax": ["{side}侧{degree}气胸，可见脏层胸膜线。", "{side}侧胸膜腔内{degree}积气，胸膜线外无肺纹理。", "{side}侧见{degree}气胸。"],
    "cardiomegaly": ["心影{grown}增大。", "心脏{grown}增大。", "心胸比{grown}增高。"],
    "consolidation": ["{side}肺{zone}野见{degree}斑片状实变影。", "{side}肺{zone}野{degree}片状密度增高影，边缘模糊。", "{side}{zone}肺野{degree}融合性实变。"],
    "fracture": ["{side}侧{zone}胸壁{ribs}骨折。", "{side}侧{ribs}骨皮质中断，位于{zone}段。", "{side}侧{zone}段{ribs}骨折，断端错位。"],
}
ABSENT = {
    "nodule": (["No suspicious nodule.", "No focal mass or nodule is seen."], ["未见结节。", "未见明确肿块或结节影。"]),
    "effusion": (["No pleural effusion.", "The costophrenic angles are sharp."], ["未见胸腔积液。", "双侧肋膈角锐利。"]),
    "pneumothorax": (["No pneumothorax.", "There is no evidence of pneumothorax."], ["未见气胸。", "无气胸征象。"]),
    "cardiomegaly": (["The heart size is normal.", "No cardiomegaly."], ["心影大小正常。", "心影不大。"]),
    "consolidation": (["No consolidation.", "Both lungs are clear of airspace disease."], ["未见实变影。", "双肺未见实质性病变。"]),
    "fracture": (["No acute bony abnormality.", "No rib fracture."], ["骨质未见异常。", "未见肋骨骨折。"]),
}
NAMES = {"nodule": ("pulmonary nodule", "肺结节"), "effusion": ("pleural effusion", "胸腔积液"), "pneumothorax": ("pneumothorax", "气胸"),
         "cardiomegaly": ("cardiomegaly", "心影增大"), "consolidation": ("consolidation", "肺实变"), "fracture": ("rib fracture", "肋骨骨折")}
ADVICE = {"nodule": ("Follow-up is suggested.", "建议随访。"), "consolidation": ("Infection is to be considered.", "考虑感染。"),
          "pneumothorax": ("A control film is advised.", "建议复查。")}
WORDS = {  # English, Chinese
    "left": ("left", "左"), "right": ("right", "右"), "upper": ("upper", "上"), "middle": ("mid", "中"), "lower": ("lower", "下"),
    "small": ("small", "少量"), "moderate": ("moderate", "中等量"), "large": ("large", "大量"),
}
GROWN = {"small": ("mildly", "轻度"), "moderate": ("moderately", "中度"), "large": ("markedly", "明显")}
RIBS = {"small": ("one rib", "一根肋骨"), "moderate": ("two ribs", "两根肋骨"), "large": ("three ribs", "三根肋骨")}
NORMAL = (["No acute cardiopulmonary abnormality.", "Normal chest radiograph.", "Unremarkable study."],
          ["心肺未见明显异常。", "胸片未见异常。", "未见急性心肺病变。"])


def fill(sentence, finding, language):
    words = {name: WORDS[finding[name]][language] for name in ("side", "zone", "degree")}
    if language and finding["kind"] in ("consolidation",):
        words["degree"] = {"small": "小", "moderate": "中等", "large": "大"}[finding["degree"]]
    words |= {"mm": finding["mm"], "grown": GROWN[finding["degree"]][language], "ribs": RIBS[finding["degree"]][language]}
    return sentence.format(**words, Degree=words["degree"].capitalize(), Ribs=words["ribs"].capitalize())


def impression(findings, language):
    if not findings:
        return None
    parts = []
    for finding in findings:
        side = "" if finding["kind"] == "cardiomegaly" else WORDS[finding["side"]][language] + (" " if language == 0 else "侧")
        parts.append(side + NAMES[finding["kind"]][language])
    advice = next((ADVICE[f["kind"]][language] for f in findings if f["kind"] in ADVICE), "")
    if language:
        return "、".join(parts) + "。" + advice
    return (", ".join(parts).capitalize() + ". " + advice).strip()


def write(rng, findings):
    """Return the report in English and in Chinese."""
    present = {f["kind"] for f in findings}
    absent = [kind for kind in ABSENT if kind not in present]
    absent = rng.sample(absent, rng.randint(2, len(absent)))
    said = [("found", f, rng.randrange(3)) for f in findings] + [("absent", kind, rng.randrange(2)) for kind in absent]
    if rng.random() < .5:
        rng.shuffle(said)
    normal = rng.randrange(3)
    reports = []
    for language, found in enumerate((ENGLISH, CHINESE)):
        sentences = [fill(found[what["kind"]][which], what, language) if how == "found" else ABSENT[what][language][which]
                     for how, what, which in said]
        end = impression(findings, language) or NORMAL[language][normal]
        form = "Findings: {} Impression: {}" if language == 0 else "所见：{}印象：{}"
        reports.append(form.format((" " if language == 0 else "").join(sentences), end))
    return tuple(reports)
