"""The rooms, devices and scenes of a house that is nowhere, in English and Chinese. All makers are fictional."""

ROOMS = {
    "hall": ("hall", "门厅"), "kitchen": ("kitchen", "厨房"), "living": ("living room", "客厅"),
    "dining": ("dining room", "餐厅"), "study": ("study", "书房"), "bed": ("bedroom", "卧室"),
    "kids": ("children's room", "儿童房"), "bath": ("bathroom", "浴室"), "laundry": ("laundry", "洗衣房"),
    "garage": ("garage", "车库"), "garden": ("garden", "花园"), "attic": ("attic", "阁楼"),
}  # fmt: skip
# code, category, name, what it does, where it is said to be, rooms (8), what is told of it as attributes
FAMILIES = [
    ("LMP", "Lights/Ceiling lights", ("ceiling light", "吸顶灯"), ("Brightness and warmth of white can be set.", "亮度和色温可调。"),
     ("in the middle", "正中"), "hall kitchen living dining study bed kids bath", {"function": "light", "unit": "lm"}),
    ("STP", "Lights/Light strips", ("light strip", "灯带"), ("Any colour, fades slowly.", "任意颜色，缓慢渐变。"),
     ("behind the shelf", "搁架后"), "kitchen living living study bed kids bath attic", {"function": "light", "unit": "lm"}),
    ("BLD", "Covers/Blinds", ("roller blind", "卷帘"), ("Goes up and down, and stops anywhere.", "可升降，可停在任意位置。"),
     ("at the window", "窗边"), "kitchen living living dining study bed kids attic", {"function": "blind", "unit": "%"}),
    ("THR", "Climate/Radiator thermostats", ("radiator thermostat", "散热器温控阀"), ("Keeps the temperature that it is told.", "保持设定的温度。"),
     ("below the window", "窗下"), "hall kitchen living dining study bed kids bath", {"function": "thermostat", "unit": "°C"}),
    ("CLI", "Sensors/Climate", ("climate sensor", "温湿度传感器"), ("Measures temperature and humidity.", "测量温度和湿度。"),
     ("on the wall", "墙上"), "kitchen living study bed kids bath laundry garden", {"function": "temperature sensor", "unit": "°C"}),
    ("MOT", "Sensors/Motion", ("motion sensor", "人体传感器"), ("Notices who walks by, and how bright it is.", "感应有人经过，并测量亮度。"),
     ("above the door", "门上方"), "hall kitchen living bath laundry garage garden attic", {"function": "motion sensor", "unit": "lx"}),
    ("CON", "Sensors/Contacts", ("contact sensor", "门窗传感器"), ("Says whether door or window is open.", "感知门窗是否打开。"),
     ("on the frame", "框上"), "hall kitchen living study bed kids bath garage", {"function": "contact sensor", "unit": ""}),
    ("LEK", "Sensors/Water", ("leak sensor", "水浸传感器"), ("Sounds when it gets wet.", "遇水即响。"),
     ("on the floor", "地面"), "kitchen kitchen bath bath laundry laundry garage attic", {"function": "moisture sensor", "unit": ""}),
    ("SMK", "Sensors/Smoke", ("smoke alarm", "烟雾报警器"), ("Warns of smoke, and tells the other ones.", "发现烟雾即报警，并通知其他报警器。"),
     ("overhead", "头顶"), "hall kitchen living study bed kids garage attic", {"function": "smoke sensor", "unit": ""}),
    ("PLG", "Power/Plugs", ("metering plug", "计量插座"), ("Switches what is plugged in, and measures what it takes.", "控制插入的电器并测量用电。"),
     ("by the socket", "插座处"), "kitchen kitchen living study bed laundry laundry garage", {"function": "switch", "unit": "W"}),
    ("BTN", "Controls/Wall buttons", ("wall button", "墙壁按钮"), ("Short, double and long presses, each for another thing.", "单击、双击、长按各有用途。"),
     ("beside the door", "门旁"), "hall kitchen living dining study bed kids bath", {"function": "button", "unit": ""}),
    ("SPK", "Media/Speakers", ("speaker", "音箱"), ("Music, radio and spoken messages.", "音乐、广播和语音提示。"),
     ("on the sideboard", "边柜上"), "hall kitchen living living study bed kids garden", {"function": "media player", "unit": "dB"}),
    ("CAM", "Safety/Cameras", ("camera", "摄像头"), ("Sees at night, and keeps pictures at home.", "可夜视，画面只存家中。"),
     ("under the eaves", "屋檐下"), "hall hall garage garage garden garden garden attic", {"function": "camera", "unit": "px"}),
    ("LCK", "Safety/Locks", ("door lock", "门锁"), ("Locks by itself, opens by code.", "自动上锁，密码开启。"),
     ("in the door", "门内"), "hall hall study laundry garage garage garden attic", {"function": "lock", "unit": ""}),
    ("VLV", "Garden/Watering valves", ("watering valve", "灌溉阀"), ("Opens for so many minutes or litres.", "按分钟或升数开启。"),
     ("at the tap", "水龙头处"), "garden garden garden garden garden garden garage laundry", {"function": "valve", "unit": "L"}),
]  # fmt: skip
KINDS = [("Zigbee", "battery", "ZG"), ("Wi-Fi", "mains", "WF"), ("Matter", "battery", "MT")]  # radio, power, letters of the model
MAKERS = ["Lumo", "Norrhus", "Tesk", "Ostara", "Pilot & Pine"]
CHINESE = {
    "Lights": "灯光", "Ceiling lights": "吸顶灯", "Light strips": "灯带", "Covers": "遮阳", "Blinds": "卷帘", "Climate": "温湿度",
    "Radiator thermostats": "散热器温控阀", "Sensors": "传感器", "Motion": "人体", "Contacts": "门窗", "Water": "水浸",
    "Smoke": "烟雾", "Power": "电力", "Plugs": "插座", "Controls": "控制", "Wall buttons": "墙壁按钮", "Media": "影音",
    "Speakers": "音箱", "Safety": "安全", "Cameras": "摄像头", "Locks": "门锁", "Garden": "花园", "Watering valves": "灌溉阀",
    "Devices": "设备", "Scenes": "场景",
}  # fmt: skip
VALUES = {
    "light": "灯", "blind": "卷帘", "thermostat": "温控", "temperature sensor": "温度传感器", "motion sensor": "人体传感器",
    "contact sensor": "门窗传感器", "moisture sensor": "水浸传感器", "smoke sensor": "烟雾传感器", "switch": "开关",
    "button": "按钮", "media player": "播放器", "camera": "摄像头", "lock": "门锁", "valve": "阀门", "battery": "电池", "mains": "市电",
}  # fmt: skip
# name, what it does, and its devices: CODE:room, CODE:* for all of them
SCENES = [
    ("Movie night", "电影之夜", "Blinds down, lights low, speakers on in the living room.", "客厅：卷帘放下，灯光调暗，音箱打开。", "LMP:living STP:living BLD:living SPK:living BTN:living"),
    ("Good night", "晚安", "The doors lock, the bedroom goes dark and cool.", "门锁上，卧室变暗变凉。", "LCK:hall LMP:bed BLD:bed THR:bed BTN:bed SPK:bed"),
    ("Good morning", "早安", "Blinds up in the bedroom, warmth in the bathroom, radio in the kitchen.", "卧室卷帘升起，浴室变暖，厨房广播响起。", "BLD:bed THR:bath SPK:kitchen LMP:kitchen BTN:bed"),
    ("Leaving home", "离家", "Everything locked, plugs off, cameras on.", "全部上锁，插座断电，摄像头开启。", "LCK:hall CAM:hall PLG:kitchen PLG:living LMP:hall THR:hall"),
    ("Coming home", "回家", "The hall lights up, the lock opens, it gets warm.", "门厅亮灯，门锁打开，室内变暖。", "LCK:hall LMP:hall MOT:hall THR:living SPK:hall"),
    ("Cooking", "做饭", "Bright light and music in the kitchen, smoke alarm awake.", "厨房灯光明亮，音乐响起，烟雾报警器待命。", "LMP:kitchen STP:kitchen SPK:kitchen SMK:kitchen PLG:kitchen"),
    ("Dinner", "晚餐", "Warm light over the table, blinds half down.", "餐桌上方灯光温暖，卷帘半降。", "LMP:dining BLD:dining THR:dining BTN:dining SPK:living"),
    ("Homework", "写作业", "Bright white light in the children's room, music off.", "儿童房白光明亮，音乐关闭。", "LMP:kids BLD:kids SPK:kids CLI:kids BTN:kids"),
    ("Bedtime story", "睡前故事", "Coloured light and a quiet voice for the children.", "给孩子的彩光与轻声故事。", "STP:kids SPK:kids BLD:kids THR:kids"),
    ("Deep work", "专注工作", "Steady light and fresh air in the study.", "书房光线稳定，空气清新。", "LMP:study BLD:study CLI:study PLG:study BTN:study"),
    ("Bath", "泡澡", "Warmth, coloured light, and a watch on the humidity.", "温暖、彩光，并留意湿度。", "LMP:bath STP:bath THR:bath CLI:bath BTN:bath"),
    ("Laundry day", "洗衣日", "Tells when the machine is done, and watches for water.", "洗衣机完成时提醒，并留意漏水。", "PLG:laundry LEK:laundry CLI:laundry MOT:laundry SPK:hall"),
    ("Watering", "浇花", "All beds in turn, none when it has rained.", "依次浇灌各花床，雨后跳过。", "VLV:garden CLI:garden MOT:garden"),
    ("Garden party", "花园派对", "Music outside, the valves stay shut, cameras look away.", "户外音乐，阀门关闭，摄像头转开。", "SPK:garden CAM:garden VLV:garden SPK:kitchen"),
    ("Night watch", "夜间守护", "Contacts and cameras watch, motion lights the hall.", "门窗传感器与摄像头值守，有人走动时门厅亮灯。", "CON:hall CON:living CON:garage CAM:garden MOT:hall LMP:hall"),
    ("Holiday", "度假", "Blinds move as if somebody were there, heating low.", "卷帘像有人在家一样升降，暖气调低。", "BLD:living BLD:kitchen THR:living THR:kitchen CAM:hall LEK:kitchen"),
    ("Airing", "通风", "Windows open: the radiators below them close.", "窗户打开时，窗下的散热器关闭。", "CON:bed CON:kids THR:bed THR:kids CLI:bed"),
    ("Fire drill", "消防演习", "All alarms sound, lights on, doors unlock.", "所有报警器响起，灯光全亮，门锁打开。", "SMK:hall SMK:living SMK:bed SMK:kids LMP:hall LCK:hall"),
    ("Workshop", "工坊", "Light and power in the garage, the lock stays shut.", "车库通电亮灯，门锁保持关闭。", "PLG:garage MOT:garage LCK:garage SMK:garage CAM:garage"),
    ("Storm", "暴风雨", "Blinds up, attic and cellar watched for water.", "卷帘收起，留意阁楼漏水。", "BLD:attic LEK:attic BLD:living BLD:study MOT:attic"),
]  # fmt: skip
