/* What the widget says by itself, in the languages that it speaks, and prices as they are written in any. */

const ORDER = ["similar", "popular", "recent", "soldOut", "before", "why", "previous", "next", "slide", "slides",
  "text", "picture", "shared", "words", "looking", "nothing", "close"];
const TEXTS = {
  en: ["Similar products", "Popular products", "New products", "Out of stock", "Price before:", "Why?", "Previous", "Next",
    "slide", "carousel", "Text", "Picture", "Both have", "Words that matter", "Looking closer …", "Not compared yet.", "Close"],
  zh: ["相似商品", "热门商品", "新品", "缺货", "原价：", "为什么？", "上一页", "下一页", "项", "轮播", "文字", "图片", "共同点",
    "关键词", "正在分析……", "尚未比较。", "关闭"],
  de: ["Ähnliche Produkte", "Beliebte Produkte", "Neue Produkte", "Ausverkauft", "Vorher:", "Warum?", "Zurück", "Weiter",
    "Element", "Karussell", "Text", "Bild", "Gemeinsam", "Wichtige Wörter", "Wird genauer angesehen …", "Noch nicht verglichen.",
    "Schließen"],
  fr: ["Produits similaires", "Produits populaires", "Nouveautés", "Épuisé", "Ancien prix :", "Pourquoi ?", "Précédent",
    "Suivant", "élément", "carrousel", "Texte", "Image", "En commun", "Mots importants", "Analyse en cours…",
    "Pas encore comparés.", "Fermer"],
  es: ["Productos similares", "Productos populares", "Novedades", "Agotado", "Precio anterior:", "¿Por qué?", "Anterior",
    "Siguiente", "elemento", "carrusel", "Texto", "Imagen", "En común", "Palabras importantes", "Analizando…",
    "Aún sin comparar.", "Cerrar"],
  ja: ["似ている商品", "人気の商品", "新着商品", "在庫切れ", "通常価格：", "理由は？", "前へ", "次へ", "項目", "カルーセル", "テキスト",
    "画像", "共通点", "重要な言葉", "分析中…", "まだ比較されていません。", "閉じる"],
};

/* The texts by name, in a language such as de-AT; English where there are none. */
export function findWords(language) {
  const texts = TEXTS[language.split("-")[0].toLowerCase()] || TEXTS.en;
  return Object.fromEntries(ORDER.map((name, place) => [name, texts[place]]));
}

export function formatPrice(price, { currency, language }) {
  if (price === null || price === undefined) return "";
  try {
    return new Intl.NumberFormat(language, { style: "currency", currency }).format(price);
  } catch {
    return `${currency} ${price}`.trim(); // no currency, or one that the browser does not know
  }
}
