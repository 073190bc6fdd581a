// The API documentation page: starts the viewer without any inline script.

interface Viewer {
  React: { createElement: (kind: string, props: object, ...children: unknown[]) => unknown };
}

interface SwaggerWindow {
  SwaggerUIBundle: ((options: object) => void) & { presets: { apis: unknown } };
  SwaggerUIStandalonePreset: unknown;
}

/** The names in headings, without the viewer's own link: it stands inside a button, where no keyboard can reach it. */
const plainNames = () => ({
  wrapComponents: {
    DeepLink:
      (_: unknown, viewer: Viewer) =>
      ({ text }: { text: unknown }) =>
        viewer.React.createElement("span", {}, text),
  },
});

const { SwaggerUIBundle, SwaggerUIStandalonePreset } = window as unknown as SwaggerWindow;
const target = document.querySelector<HTMLElement>("#swagger-ui");

SwaggerUIBundle({
  domNode: target,
  url: target?.dataset["url"] ?? "/openapi.json",
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "BaseLayout",
  plugins: [plainNames],
  deepLinking: true,
  docExpansion: "list",
  validatorUrl: null,
  persistAuthorization: false,
});
