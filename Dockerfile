# R with omicpoems installed, by README's own commands:
#
#   docker build -t omicpoems .
#   docker run --rm -it omicpoems                # R; library(omicpoems)
#
# The demo's figures and report are in /omicpoems/demo-out. Only .github/workflows builds this image;
# the project's own tests do not.
FROM rocker/r-ver:4.5
WORKDIR /omicpoems
COPY . .
RUN make demo && R CMD INSTALL . && make clean
CMD ["R"]
