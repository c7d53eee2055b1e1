#!/bin/sh
# The front of the application: a reverse proxy to UPSTREAM (host:port), on port 8080.
# The same server twice: a connection that fails is tried again, and a Service gives the second try another pod.
set -eu
upstream=${UPSTREAM:-node:8080}
until getent hosts "${upstream%%:*}" >/dev/null; do sleep 0.2; done # nginx resolves it once, at its start
cat >/tmp/nginx.conf <<EOF
worker_processes 1;
pid /tmp/nginx.pid;
error_log stderr warn;
events { worker_connections 2048; }
http {
  access_log off;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  upstream app {
    server $upstream max_fails=0;
    server $upstream max_fails=0;
    server $upstream max_fails=0;
  }
  server {
    listen 8080;
    location = /nginx-health { return 200 "ok\n"; }
    location / {
      proxy_pass http://app;
      proxy_set_header Host \$host;
      proxy_set_header X-Forwarded-For \$remote_addr;
      proxy_connect_timeout 1s;
      proxy_read_timeout 20s;
      proxy_next_upstream error timeout http_502 http_503 http_504 non_idempotent;
      proxy_next_upstream_tries 3;
      add_header X-Front \$hostname always;
    }
  }
}
EOF
exec nginx -c /tmp/nginx.conf -e stderr -g 'daemon off;'
