FROM python:3.12-slim
WORKDIR /srv/camsim
COPY . .
RUN pip install --no-cache-dir -c constraints.txt .
EXPOSE 8124 8125
USER nobody
ENTRYPOINT ["camsim"]
# The management API leaves loopback only with a token: give one with CAMSIM_TOKEN and --management-host 0.0.0.0.
CMD ["serve", "--host", "0.0.0.0"]
