FROM python:3.12-slim
WORKDIR /srv/camsim
COPY . .
RUN pip install --no-cache-dir -c constraints.txt .
EXPOSE 8124 8125
USER nobody
ENTRYPOINT ["camsim"]
# The management API leaves loopback only with a token: give one with CAMSIM_MANAGEMENT_TOKEN, or a mounted file with
# CAMSIM_MANAGEMENT_TOKEN_FILE, and --management-host 0.0.0.0. Tokens and keys of devices: CAMSIM_AUTH_TOKEN and
# CAMSIM_SECURITY_KEY, each with _FILE too.
CMD ["serve", "--host", "0.0.0.0"]
