### Páginas de pacientes que han entrado. Palabras sencillas: un niño de once años debería entenderlas.

## Entrar
my-offer = ¿Ya es paciente? Vea sus solicitudes:
my-sign-in-title = Entrar
my-sign-in-lead = Vea sus solicitudes a { $clinic } y escríbanos como usted mismo.
my-sign-in-help = Use el correo electrónico que tenemos de usted.
my-sign-in-send = Envíenme un código
my-sign-in-passkey = Usar una llave de acceso
my-sign-in-no-account = No hace falta crear una cuenta. Si aún no tenemos su correo, escríbanos aquí:
my-clinics-title = ¿Dónde es paciente?
my-code-title = Mire su correo
my-code-lead = Si tenemos esta dirección, un código va en camino. Sirve durante { $minutes } minutos.
my-code = El código
my-code-none = ¿No llega el correo en unos minutos? Mire en el correo no deseado o llámenos.
my-code-again = Pedir otro código
my-code-wrong = Este código no coincide. Mire otra vez el correo. Tiene tres intentos.
my-code-late = Ese código ya se usó o es demasiado viejo. Pida otro, por favor.
my-too-many = Fueron muchos en poco tiempo. Espere una hora, por favor, o llámenos.
my-said-again = Entre otra vez, por favor. Cerramos su sesión tras un rato sin uso, para cuidar sus páginas.
my-said-out = Su sesión está cerrada.

## Correo
my-mail-code-subject = Su código para { $clinic }
my-mail-code = Alguien pidió un código para entrar en { $clinic } con esta dirección. Este es el código:
my-mail-code-after = Escríbalo en la página donde lo pidió. Nunca se lo pediremos, ni por teléfono ni por correo. Si no fue usted, puede borrar este correo.
my-mail-device-subject = Nueva entrada en { $clinic }
my-mail-device = Alguien entró en sus páginas de { $clinic } desde un dispositivo que no hemos visto últimamente.
my-mail-passkey-added-subject = Se añadió una llave de acceso en { $clinic }
my-mail-passkey-added = Se añadió una llave de acceso a sus páginas de { $clinic }. Quien tenga ese dispositivo puede entrar con ella.
my-mail-passkey-removed-subject = Se quitó una llave de acceso en { $clinic }
my-mail-passkey-removed = Se quitó una llave de acceso de sus páginas de { $clinic }.
my-mail-passkey-stopped-subject = Se detuvo una llave de acceso en { $clinic }
my-mail-passkey-stopped = Alguien usó en { $clinic } una llave de acceso suya que puede ser una copia. La detuvimos: ya no abre nada.
my-mail-not-you = Si no fue usted, llámenos al { $phone }. También puede entrar y elegir cerrar la sesión en todas partes.

## Cada página
my-nav = Sus páginas
my-sign-out = Salir
my-back = Volver a sus solicitudes
my-acting = Está escribiendo por { $name }.
my-acting-end = Dejar de hacerlo
my-said-acting-over = Ya no puede escribir aquí por esa persona. Ahora escribe por usted, y no se envió nada.
my-said-ended = Se cerró la sesión de ese dispositivo.
my-said-taken-back = La ha retirado. No haremos nada más con ella.
my-said-asked = Tenemos su petición. La fecha de abajo dice cuándo responderemos.
my-said-passkey-added = Su llave de acceso está lista.
my-said-passkey-removed = La llave de acceso se quitó.
my-shut-nobody-title = Aún no le conocemos como paciente
my-shut-nobody-text = Esta página es para pacientes. Nuestro equipo tiene que unir antes su correo con su expediente. Escríbanos o llámenos, por favor.
my-shut-scope-title = Esto no está abierto para usted
my-shut-scope-text = Lo que puede hacer por esta persona no llega hasta aquí. Llámenos si es un error.
my-shut-level-title = Su correo aún es nuevo para nosotros
my-shut-level-text = Para cuidar los expedientes, esto se abre cuando tengamos su correo desde hace más de 30 días. Hasta entonces, llámenos, por favor.
my-shut-from = Se abre por sí solo el { $date }.
my-unsent-title = Su sesión se cerró antes de que esto nos llegara
my-unsent-text = Cerramos su sesión tras un rato sin uso, para cuidar sus páginas. No se envió nada. Sus palabras siguen aquí: cópielas, entre otra vez y envíelas. O llámenos.
my-unsent-acting-title = No se envió su mensaje

## Solicitudes
my-requests = Mis solicitudes
my-requests-none = Aún no hay nada aquí. Escríbanos cuando quiera.
my-new = Escríbanos
my-last = Último mensaje { $at }
my-others = Escribo por …
my-others-me = Mí
my-others-until = hasta el { $date }
my-request-level = Se abre cuando tengamos su correo desde hace más de 30 días.
my-request-scope = Lo que puede hacer por esta persona no llega hasta esto.
my-nobody-yet = Nuestro equipo aún no ha unido su correo con un paciente, así que solo ve lo que escribió desde él.

## Quién ha visto mis datos
my-seen = Quién ha visto mis datos
my-seen-lead = Todas las personas que miraron aquí su expediente o sus solicitudes, lo más reciente primero.
my-seen-nobody = Nadie lo ha mirado aún.
my-earlier = Días anteriores

## Lo que pido de mis datos
my-privacy = Mis datos, mis derechos
my-privacy-lead = La ley le da derechos sobre sus datos. Pídalo aquí. Respondemos en la fecha que fija la ley.
my-ask = Pedir algo
my-ask-what = ¿Qué desea?
my-ask-choose = Elija lo que desea, por favor.
my-ask-already = Ya lo pidió el { $date } y estamos en ello. No tiene que hacer nada más.
my-ask-another = Se trata de otra cosa. Envíenlo también.
my-ask-many = Hoy envió muchas peticiones y las tenemos todas. Espere hasta mañana, por favor, o llámenos.
my-ask-words = Cuéntenos más
my-ask-send = Enviar
my-ask-access = Ver lo que guardan sobre mí
my-ask-copy = Una copia de mi expediente para llevarme
my-ask-amendment = Corregir algo en mi expediente
my-ask-restriction = No usar o no compartir una parte
my-ask-erasure = Borrar mi expediente
my-ask-accounting = Una lista de a quién se dieron mis datos
my-ask-objection = Dejar de usar mis datos para algo
my-ask-complaint = Quejarme de cómo se trataron mis datos
my-asked-open = Lo estamos mirando
my-asked-decided = Sí. Estamos en ello
my-asked-closed = Hecho
my-asked-refused = Tuvimos que decir que no. Le escribiremos por qué
my-asked-earlier = Lo que pidió antes
my-take-back = Retirar esta petición
my-take-back-help = Dejamos de trabajar en ella. Puede volver a pedirlo cuando quiera.
my-take-back-yes = Sí, retirarla
my-asked-withdrawn = Usted lo retiró
my-asked-on = Pedido el { $date }.
my-asked-due = Respondemos antes del { $date }.
my-copy = Descargar la copia
my-copy-until = hasta el { $date }

## Dispositivos y llaves de acceso
my-devices = Dispositivos y llaves
my-devices-lead = Dónde tiene la sesión abierta ahora. Si no conoce alguno, ciérrelo.
my-here = este
my-by-code = Entró con un código, { $at }.
my-by-passkey = Entró con una llave de acceso, { $at }.
my-used = Último uso { $at }.
my-sign-out-everywhere = Cerrar la sesión en todas partes
my-sign-out-everywhere-help = Para cuando perdió un dispositivo u otra persona entró. También se quitan sus llaves de acceso; después entrará con un código.
my-passkey-fresh = Primero cierre la sesión y vuelva a entrar: durante diez minutos podrá añadir una llave de acceso. Así nadie la añade en un navegador que dejó abierto.
my-passkeys = Llaves de acceso
my-passkeys-lead = Con una llave de acceso entra con su huella, su cara o el PIN de su dispositivo. Sin código.
my-passkey-since = Añadida el { $date }.
my-passkey-add = Añadir una llave de acceso
my-passkey-make = Crear la llave de acceso
my-passkey-remove = Quitar
