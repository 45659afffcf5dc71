import type { CSSProperties, DetailedHTMLProps, ForwardRefExoticComponent, HTMLAttributes, ReactNode, RefAttributes } from "react";
import type {
  KindredAttributes, KindredChoice, KindredEventMap, KindredFailure, KindredLayout, KindredLoaded, KindredProduct, KindredSimilarElement,
} from "../kindred.js";

export interface KindredSimilarProps {
  /** Address of the Kindred server. A script in a bundle cannot tell where it came from. */
  api: string;
  sku?: string;
  skuFrom?: string;
  anchors?: readonly string[] | string;
  strategy?: string;
  placement?: string;
  locale?: string;
  /** A publishable API key: the attribute `key`, which is React's own word. */
  apiKey?: string;
  limit?: number;
  params?: string;
  heading?: string;
  layout?: KindredLayout;
  consent?: "granted" | "analytics" | "";
  theme?: "light" | "dark" | "";
  why?: boolean;
  noView?: boolean;
  id?: string;
  className?: string;
  style?: CSSProperties;
  lang?: string;
  dir?: "ltr" | "rtl" | "auto";
  hidden?: boolean;
  slot?: string;
  /** Your own card of a product, in place of the widget's. It stands in your page, so that your styles are for it. */
  renderItem?: (product: KindredProduct) => ReactNode;
  /** Elements with slot="heading" or slot="empty". */
  children?: ReactNode;
  onLoaded?: (detail: KindredLoaded, event: KindredEventMap["kindred-loaded"]) => void;
  onClick?: (detail: KindredChoice, event: KindredEventMap["kindred-click"]) => void;
  onCart?: (detail: KindredChoice, event: KindredEventMap["kindred-cart"]) => void;
  onError?: (detail: KindredFailure, event: KindredEventMap["kindred-error"]) => void;
}

/** `<kindred-similar>` as a component. A ref is the element, with `refresh()` and `addToCart()`. */
export declare const KindredSimilar: ForwardRefExoticComponent<KindredSimilarProps & RefAttributes<KindredSimilarElement>>;

/* The element itself in JSX. React 18 looks for it in the global JSX, React 19 in its own. */
type Html = DetailedHTMLProps<HTMLAttributes<KindredSimilarElement>, KindredSimilarElement>;
type KindredJsx = KindredAttributes & Omit<Html, keyof KindredAttributes | "className"> & { class?: string };

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "kindred-similar": KindredJsx;
    }
  }
}
