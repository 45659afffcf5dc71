"""What a case is called, by codes of the standard alone: another code may be anything, and is not repeated."""

from __future__ import annotations

from pydicom import Dataset

# English, Chinese. Modalities by PS3.3 C.7.3.1.1.1, parts of the body by PS3.16 annex L, views by CID 4009 and 4010.
MODALITIES = {
    "CR": ("radiograph", "X 线片"),
    "DX": ("radiograph", "X 线片"),
    "RG": ("radiograph", "X 线片"),
    "CT": ("CT", "CT"),
    "MR": ("MRI", "磁共振"),
    "US": ("ultrasound", "超声"),
    "MG": ("mammogram", "乳腺 X 线片"),
    "PT": ("PET", "PET"),
    "NM": ("scintigram", "核素显像"),
    "XA": ("angiogram", "血管造影"),
    "RF": ("fluoroscopy", "透视"),
    "ES": ("endoscopy", "内镜"),
    "IO": ("dental radiograph", "口内牙片"),
    "PX": ("panoramic radiograph", "全景牙片"),
    "SC": ("captured picture", "截取图像"),
    "OT": ("picture", "图像"),
    "SR": ("report", "报告"),
    "DOC": ("report", "报告"),
}
BODY_PARTS = {
    "CHEST": ("Chest", "胸部"),
    "ABDOMEN": ("Abdomen", "腹部"),
    "PELVIS": ("Pelvis", "骨盆"),
    "HEAD": ("Head", "头部"),
    "SKULL": ("Skull", "颅骨"),
    "BRAIN": ("Brain", "脑"),
    "NECK": ("Neck", "颈部"),
    "CSPINE": ("Cervical spine", "颈椎"),
    "TSPINE": ("Thoracic spine", "胸椎"),
    "LSPINE": ("Lumbar spine", "腰椎"),
    "SPINE": ("Spine", "脊柱"),
    "SHOULDER": ("Shoulder", "肩部"),
    "ELBOW": ("Elbow", "肘部"),
    "WRIST": ("Wrist", "腕部"),
    "HAND": ("Hand", "手部"),
    "FINGER": ("Finger", "手指"),
    "HIP": ("Hip", "髋部"),
    "KNEE": ("Knee", "膝部"),
    "ANKLE": ("Ankle", "踝部"),
    "FOOT": ("Foot", "足部"),
    "BREAST": ("Breast", "乳腺"),
    "HEART": ("Heart", "心脏"),
    "LIVER": ("Liver", "肝脏"),
    "KIDNEY": ("Kidney", "肾脏"),
    "LEG": ("Leg", "小腿"),
    "ARM": ("Arm", "上臂"),
    "THIGH": ("Thigh", "大腿"),
    "FOREARM": ("Forearm", "前臂"),
    "EXTREMITY": ("Extremity", "四肢"),
    "JAW": ("Jaw", "颌骨"),
    "RIB": ("Rib", "肋骨"),
}
OTHER_PART, OTHER_MODALITY = ("Other", "其他"), ("study", "检查")
VIEWS = {
    "PA": ("PA", "后前位"),
    "AP": ("AP", "前后位"),
    "LL": ("lateral", "侧位"),
    "RL": ("lateral", "侧位"),
    "LLD": ("lateral decubitus", "侧卧位"),
    "RLD": ("lateral decubitus", "侧卧位"),
    "CC": ("CC", "头尾位"),
    "MLO": ("MLO", "内外斜位"),
}
SIDES = {"L": "left", "R": "right", "B": "both"}
BANDS = ((20, "0-19"), (40, "20-39"), (60, "40-59"), (80, "60-79"), (1000, "80+"))  # years: below -> band


def read_code(header: Dataset, name: str) -> str:
    return str(header.get(name) or "").strip().upper().replace(" ", "")


def name_case(header: Dataset) -> tuple[str, str, str]:
    """Return title, title in Chinese, and category."""
    modality = read_code(header, "Modality")
    part = BODY_PARTS.get(read_code(header, "BodyPartExamined"), OTHER_PART)
    kind = MODALITIES.get(modality, OTHER_MODALITY)
    view = VIEWS.get(read_code(header, "ViewPosition"))
    english, chinese = f"{part[0]} {kind[0]}", f"{part[1]}{kind[1]}"
    if part is OTHER_PART:
        english, chinese = kind[0][:1].upper() + kind[0][1:], kind[1]
    if view:
        english, chinese = f"{english}, {view[0]}", f"{chinese}，{view[1]}"
    return english, chinese, part[0]


def describe_case(header: Dataset) -> dict[str, str]:
    """Return the attributes of a case: how it was made, and in which twenty years of a life."""
    found = {}
    if (modality := read_code(header, "Modality")) in MODALITIES:
        found["modality"] = modality
    if (view := read_code(header, "ViewPosition")) in VIEWS:
        found["view"] = VIEWS[view][0]
    side = read_code(header, "ImageLaterality") or read_code(header, "Laterality")
    if side in SIDES:
        found["side"] = SIDES[side]
    if band := band_age(read_code(header, "PatientAge")):
        found["age"] = band
    return found


def band_age(text: str) -> str:
    """Return the band of an age such as 045Y, or nothing. Of days, weeks and months it is the first."""
    if len(text) != 4 or not text[:3].isdigit() or text[3] not in "DWMY":
        return ""
    years = int(text[:3]) if text[3] == "Y" else 0
    return next(band for below, band in BANDS if years < below)
