"""What the families are called and said of, in English and Chinese. Made up for this demo, like all names in it."""

# code, synth, category, seconds, (low, high): each a name, what it is like, and a scene that does not name the family
FAMILIES = [
    ("BEL", "bell", "Instruments/Bells", 1.6, [
        ("Great bell", "钟楼大钟", "deep, with a long hum below the strike", "低沉，敲击之后余韵悠长", "Noon at the cathedral tower", "大教堂塔楼的正午"),
        ("Hand bell", "手摇铃", "clear and small, gone at once", "清脆小巧，余音短促", "The shop door opens", "小店的门开了")]),
    ("STR", "string", "Instruments/Plucked strings", 1.6, [
        ("Bass lute", "低音琉特琴", "dark strings, plucked near the bridge", "低暗的琴弦，靠近琴马拨奏", "After closing time in the tavern", "打烊之后的酒馆"),
        ("Small harp", "小竖琴", "bright strings, plucked with a nail", "明亮的琴弦，用指甲拨奏", "A story for children begins", "给孩子的故事开始了")]),
    ("FLU", "flute", "Instruments/Flutes", 1.5, [
        ("Wooden flute", "木笛", "soft, with much breath", "柔和，气息声明显", "A shepherd at dusk", "黄昏的牧人"),
        ("Piccolo", "短笛", "high and piercing, a little breath", "高而尖，略带气息", "The parade turns the corner", "游行队伍转过街角")]),
    ("ORG", "organ", "Instruments/Organs", 1.5, [
        ("Church organ", "教堂管风琴", "a low chord of many pipes", "许多音管奏出的低和弦", "Before the wedding", "婚礼之前"),
        ("Street organ", "手摇风琴", "a high chord, a little out of breath", "高和弦，略显气短", "At the merry-go-round", "旋转木马旁")]),
    ("DRM", "drum", "Instruments/Drums", 1.5, [
        ("Bass drum", "大鼓", "slow dull strokes", "缓慢而沉闷的鼓点", "The ship leaves the harbour", "船离开港口"),
        ("Snare drum", "小军鼓", "dry strokes with rattling wires", "干脆的鼓点，响弦作响", "Before the tightrope", "走钢丝之前")]),
    ("BRA", "brass", "Instruments/Brass", 1.4, [
        ("Tuba", "大号", "one long low tone, broad", "一个宽厚绵长的低音", "An elephant in the circus", "马戏团里的大象"),
        ("Trumpet", "小号", "one long bright tone", "一个明亮的长音", "The king is announced", "国王驾到")]),
    ("RAI", "rain", "Effects/Rain", 1.8, [
        ("Heavy drops", "大雨滴", "single drops on a roof", "一滴滴落在屋顶上", "Waiting under the shed", "在棚子下等待"),
        ("Fine rain", "细雨", "a dense hiss of small drops", "细密的雨丝沙沙作响", "Sunday behind the window", "窗后的星期天")]),
    ("WND", "wind", "Effects/Wind", 2.0, [
        ("Low wind", "低沉的风", "slow gusts over a field", "田野上缓慢的阵风", "Alone on the moor", "独自在荒原上"),
        ("Whistling wind", "呼啸的风", "gusts that whistle in a gap", "阵风在缝隙中呼啸", "The cabin in February", "二月的小木屋")]),
    ("ENG", "engine", "Effects/Engines", 1.8, [
        ("Diesel engine", "柴油发动机", "idles slowly and heavily", "缓慢沉重地怠速", "A ferry at the pier", "码头边的渡轮"),
        ("Moped engine", "轻便摩托发动机", "runs fast and thin", "转速快，声音单薄", "Late for the lesson", "上课要迟到了")]),
    ("BRD", "bird", "Effects/Birds", 1.6, [
        ("Blackbird", "乌鸫", "a few slow whistled notes", "几声缓慢的哨音", "The garden at five", "清晨五点的花园"),
        ("Wren", "鹪鹩", "fast high chirps", "急促高亢的啾鸣", "In the hedge", "在树篱里")]),
    ("SIR", "siren", "Effects/Sirens", 2.0, [
        ("Rising siren", "升降警笛", "glides up and down", "音调上下滑动", "Something is wrong in the city", "城里出事了"),
        ("Two-tone siren", "双音警笛", "two tones in turn", "两个音交替", "Make way on the bridge", "桥上请让行")]),
    ("STP", "steps", "Effects/Footsteps", 2.0, [
        ("Steps on wood", "木地板脚步", "heel and toe on a hollow floor", "脚跟与脚尖落在空心地板上", "Somebody is upstairs", "楼上有人"),
        ("Steps on gravel", "碎石路脚步", "small stones under a shoe", "鞋底下的小石子", "The visitor comes up the drive", "访客走上车道")]),
]  # fmt: skip
ROOMS = [("dry", "无混响", 0.0), ("small room", "小房间", 0.25), ("hall", "大厅", 0.9)]
RECORDISTS = ["Ida Brook", "North Pier Sound", "Velum Archive", "Studio Kestrel", "Tape & Tin"]
USES = [
    ("Good for film and games.", "适合电影与游戏。"), ("Recorded in one take.", "一次录成。"),
    ("Loops without a click.", "可循环播放而无爆音。"), ("From a walk with a small recorder.", "用小录音机边走边录。"),
    ("Two microphones, summed to one channel.", "两支话筒，混为单声道。"),
]  # fmt: skip
