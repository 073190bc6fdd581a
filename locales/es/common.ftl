### Palabras que se usan en todas las páginas.

-brand = Bedside
app-name = { -brand }

## Navigation
nav-main = Principal
nav-inbox = Bandeja
nav-mine = Mías
nav-all = Todas las solicitudes
nav-queues = Colas
nav-search = Buscar
nav-search-placeholder = Buscar solicitudes y personas
nav-new-ticket = Nueva solicitud
nav-patients = Pacientes
nav-settings = Ajustes
nav-audit = Registro de auditoría
nav-profile = Mi perfil
nav-sign-out = Cerrar sesión
nav-menu = Menú
nav-skip = Ir al contenido
nav-language = Idioma
nav-theme = Apariencia
theme-auto = Como mi dispositivo
theme-light = Claro
theme-dark = Oscuro

## Ticket status
status = Estado
status-new = Nueva
status-open = Abierta
status-waiting-patient = Esperando al paciente
status-waiting-third-party = Esperando a otros
status-resolved = Resuelta
status-closed = Cerrada

## Urgency
urgency = Urgencia
urgency-low = Baja
urgency-normal = Normal
urgency-urgent = Urgente
urgency-crisis = Crisis
urgency-emergency = Emergencia

## Category
category = Categoría

## Channel
channel = Canal
channel-email = Correo
channel-web = Formulario web
channel-portal = Portal
channel-survey = Valoración
channel-api = API
channel-phone = Teléfono
channel-chat = Chat
channel-sms = Mensaje de texto
channel-social = Redes de mensajería
channel-video = Video

## Languages of messages
language = Idioma
language-en = Inglés
language-es = Español
language-unknown = Idioma desconocido

## People
patient = Paciente
requester = De
assignee = Asignada a
unassigned = Nadie todavía
queue = Cola
tags = Etiquetas
me = Yo
someone = Alguien

## Buttons
action-save = Guardar
action-cancel = Cancelar
action-send = Enviar
action-send-and = Enviar y pasar a
action-reply = Responder
action-note = Nota interna
action-take = Tomarla
action-close = Cerrar
action-back = Volver
action-next = Siguiente
action-previous = Anterior
action-edit = Editar
action-remove = Quitar
action-apply = Aplicar
action-search = Buscar
action-undo = Deshacer
action-more = Más
action-sign-in = Iniciar sesión
action-attach = Adjuntar archivos
action-snooze = Posponer

## Forms
form-optional = opcional
form-errors-title = Por favor, revise lo siguiente
form-error-required = Por favor, complete este campo.
form-error-invalid = Por favor, revise este campo.
form-error-too-long = Es demasiado largo.
form-error-email = Por favor, revise esta dirección de correo.
form-yes = Sí
form-no = No
form-none = Ninguno

## Composer
composer-label = Su respuesta
composer-placeholder = Escriba su respuesta…
composer-toolbar = Formato
composer-bold = Negrita
composer-italic = Cursiva
composer-list = Lista
composer-numbered = Lista numerada
composer-link = Enlace
composer-quote = Cita

## Timeline
timeline = Conversación
message-from-patient = Del paciente
message-from-staff = De nosotros
message-note = Nota interna

## Months, as in a date
month-1 = ene
month-2 = feb
month-3 = mar
month-4 = abr
month-5 = may
month-6 = jun
month-7 = jul
month-8 = ago
month-9 = sep
month-10 = oct
month-11 = nov
month-12 = dic

## Time in words; also used by the browser's scripts
js-due-in = vence en { $time }
js-overdue = { $time } de retraso
js-ago = hace { $time }
js-just-now = ahora mismo
js-seconds = { $count } s
js-minutes = { $count } min
js-hours = { $count } h
js-days = { $count } d

## Other words of the browser's scripts
js-remove = Quitar
js-offline = Sin conexión. Lo que escriba se guarda aquí.
js-online = Conectado de nuevo.
js-failed = No funcionó. Por favor, inténtelo de nuevo.
js-too-large = { $name } ocupa más de { $limit }.
js-link-prompt = enlace

## Keyboard help
keys-title = Teclado
keys-next = Solicitud siguiente
keys-previous = Solicitud anterior
keys-open = Abrir
keys-reply = Responder
keys-note = Nota interna
keys-search = Buscar
keys-send = Enviar
keys-help = Esta lista

## Lists
list-empty-title = Nada pendiente
list-empty-text = Todos han recibido respuesta. Buen trabajo.
list-empty-following-title = No sigue ninguna solicitud
list-empty-following-text = Presione Seguir en una solicitud y la encontrará aquí.
list-empty-mine-title = Ahora no tiene nada asignado
list-empty-mine-text = Aquí está lo que usted toma o le asignan.
list-empty-done-title = Todavía no hay nada terminado
list-empty-done-text = Aquí están las solicitudes resueltas o cerradas.
list-no-results-title = Sin resultados
list-no-results-text = Pruebe con menos palabras o con otras.

## Crisis
crisis-title = Esta persona puede estar en peligro
crisis-public-title = Si usted u otra persona está en peligro

## Problems
problem-bad-request = No pudimos leer eso
problem-bad-request-detail = Algo de lo enviado no se entiende. Por favor, vuelva atrás e inténtelo de nuevo.
problem-unauthorized = Por favor, inicie sesión
problem-unauthorized-detail = Su sesión terminó o todavía no la ha iniciado.
problem-forbidden = Esto no está abierto para usted
problem-forbidden-detail = Su función no lo incluye, o la página estuvo abierta demasiado tiempo. Cárguela de nuevo; si continúa, consulte a su administrador.
problem-not-found = No pudimos encontrarlo
problem-not-found-detail = Puede que se haya movido o que el enlace no esté completo.
problem-conflict = Ahora no es posible
problem-conflict-detail = Algo cambió desde que abrió esta página. Por favor, cárguela de nuevo.
problem-gone = Este enlace ya terminó
problem-gone-detail = Por su seguridad, nuestros enlaces funcionan por tiempo limitado. Por favor, pida uno nuevo.
problem-stale = Alguien cambió esto mientras tanto
problem-stale-detail = Su texto está guardado. Vea qué cambió y envíelo otra vez.
problem-too-large = Es demasiado grande
problem-too-large-detail = Cada archivo puede tener hasta 25 MB, y todos juntos hasta 50 MB.
problem-unsupported = Este formato no se acepta
problem-unsupported-detail = Por favor, envíelo en otro formato.
problem-invalid = Por favor, revise lo siguiente
problem-invalid-detail = Algunos campos necesitan una corrección.
problem-rate-limited = Un momento, por favor
problem-rate-limited-detail = Fueron muchas solicitudes en poco tiempo. Inténtelo de nuevo dentro de un rato, a más tardar en una hora.
problem-too-slow = Tardó demasiado en llegar
problem-too-slow-detail = Por favor, inténtelo de nuevo. Ayuda enviar archivos más pequeños o usar una conexión mejor.
problem-unavailable = No disponible por el momento
problem-unavailable-detail = No se perdió nada. Por favor, inténtelo de nuevo en un minuto.
problem-internal = Algo salió mal de nuestro lado
problem-internal-detail = Ya quedó registrado. Por favor, inténtelo de nuevo; si continúa, avise a su administrador.
