// The API documentation page: starts the viewer without any inline script.

interface SwaggerWindow {
  SwaggerUIBundle: ((options: object) => void) & { presets: { apis: unknown } };
  SwaggerUIStandalonePreset: unknown;
}

const { SwaggerUIBundle, SwaggerUIStandalonePreset } = window as unknown as SwaggerWindow;
const target = document.querySelector<HTMLElement>("#swagger-ui");

SwaggerUIBundle({
  domNode: target,
  url: target?.dataset["url"] ?? "/openapi.json",
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "BaseLayout",
  deepLinking: true,
  docExpansion: "list",
  validatorUrl: null,
  persistAuthorization: false,
});
