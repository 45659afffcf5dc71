/* A page of a shop in React: the widget with its own cards, and with the page's. */
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { KindredSimilar } from "kindred-widget/react";

window.heard = [];

function App({ api }) {
  const [sku, setSku] = useState("MUG-101");
  const [isShown, setShown] = useState(true);
  Object.assign(window, { setSku, setShown });
  const hear = (name) => (detail) => window.heard.push([name, sku, detail.count ?? detail.sku]);
  return (
    isShown && (
      <main>
        <KindredSimilar id="own" api={api} sku={sku} limit={3} params="variants=show" placement="react" apiKey={undefined}
          className="row" data-test="one" ref={(element) => (window.own = element)} onLoaded={hear("loaded")} onClick={hear("click")} />
        <KindredSimilar id="drawn" api={api} sku={sku} limit={2} params="variants=show" onLoaded={hear("drawn")}
          renderItem={(item) => <a href={item.url} className="drawn">{item.title.toUpperCase()}</a>}>
          <h3 slot="heading">Drawn by the page</h3>
        </KindredSimilar>
      </main>
    )
  );
}

createRoot(document.getElementById("root")).render(<StrictMode><App api={window.API} /></StrictMode>);
