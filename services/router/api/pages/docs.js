// Renders /openapi.json. Text is only ever set as text, so nothing in the document can run.

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
};

const reference = (schema) => {
  const name = schema?.$ref?.split("/").pop();
  return name ? element("a", { href: `#model-${name}` }, name) : null;
};

const table = (head, rows) =>
  element(
    "table",
    {},
    element("tr", {}, ...head.map((text) => element("th", {}, text))),
    ...rows.map((row) =>
      element("tr", {}, ...row.map((cell) => element("td", {}, ...[cell].flat()))),
    ),
  );

const operation = (path, method, spec) => {
  const body = spec.requestBody?.content["application/json"]?.schema;
  const responses = Object.entries(spec.responses).map(([status, answer]) => {
    const schema = Object.values(answer.content ?? {})[0]?.schema;
    return [status, answer.description, reference(schema) ?? ""];
  });
  const parameters = spec.parameters.map((one) => [
    element("code", {}, one.name), one.in, one.required ? "required" : "optional",
  ]);
  return element(
    "article",
    { id: spec.operationId },
    element("h3", {},
      element("span", { class: "method" }, method.toUpperCase()),
      element("code", {}, path)),
    element("p", {}, spec.summary + ". ", spec.description ?? ""),
    spec["x-roles"] ? element("p", {}, "Roles: ", spec["x-roles"].join(", ")) : null,
    body ? element("p", {}, "Body: ", reference(body)) : null,
    parameters.length ? table(["Parameter", "In", ""], parameters) : null,
    table(["Status", "Meaning", "Model"], responses),
  );
};

const show = (api) => {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, spec]) => operation(path, method, spec)),
  );
  document.getElementById("operations").replaceChildren(...operations);
  document.getElementById("kinds").replaceChildren(
    ...Object.entries(api["x-problems"]).map(([code, kind]) =>
      element("article", { id: `problem-${code}` },
        element("h3", {}, element("code", {}, code), ` ${kind.status} ${kind.title}`),
        element("p", {}, kind.hint)),
    ),
  );
  document.getElementById("models").replaceChildren(
    ...Object.entries(api.components.schemas).map(([name, schema]) =>
      element("article", { id: `model-${name}` },
        element("h3", {}, name),
        schema.description ? element("p", {}, schema.description) : null,
        element("pre", {}, JSON.stringify(schema.properties ?? schema, null, 2))),
    ),
  );
  if (location.hash) document.querySelector(location.hash)?.scrollIntoView();
};

try {
  const answer = await fetch("/openapi.json");
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  show(await answer.json());
} catch (error) {
  document.getElementById("operations").textContent =
    `The description could not be loaded (${error.message}). Reload the page.`;
}
