// A photo is searched for as soon as it is chosen; without scripts the form has a button.
document.querySelectorAll(".search-photo input[type=file]").forEach((input) => {
  input.addEventListener("change", () => input.files.length && input.form.submit());
});
