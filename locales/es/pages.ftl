### Las páginas del personal.

## Entrar
sign-in-title = Qué bueno verle de nuevo
sign-in-email = Correo electrónico
sign-in-password = Contraseña
sign-in-failed = El correo o la contraseña no son correctos. Inténtelo de nuevo.
sign-in-too-often = No fue correcto varias veces. Espere un momento e inténtelo de nuevo.
sign-in-link-title = Le damos la bienvenida
sign-in-link-text = Este enlace abre su sesión en este dispositivo.
password-title = Elegir contraseña
password-new = Contraseña nueva
password-again = La misma contraseña otra vez
password-help = Al menos 15 caracteres. Unas cuantas palabras sirven.
password-too-short = Use al menos 15 caracteres. Unas cuantas palabras sirven.
password-too-long = Use como máximo 200 caracteres.
password-too-simple = Use más de un carácter distinto.
password-differs = Las dos contraseñas no son iguales.

## Apariencia
look-text = Texto
look-text-usual = Normal
look-text-large = Grande

## Se dice una vez después de hacer algo
flash-signed-out = Su sesión está cerrada.
flash-password-set = Su contraseña está guardada.

## Navegación
nav-done = Terminadas
